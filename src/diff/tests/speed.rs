//! How long it takes; to be run by hand: `cargo test --release --lib -- --ignored --nocapture diff::tests::speed`.

use std::time::Instant;

use serde_json::{Value, json};

use super::{diff, entry};

/// A resource of a kind as a helper makes it.
fn resource(entry: usize, n: usize, release: &str) -> Value {
    let name = format!("app-{entry}-{n}");
    let labels = json!({"app": name, "app.kubernetes.io/managed-by": "husako", "release": release});
    let metadata = json!({"name": name, "namespace": "prod", "labels": labels});
    let env: Vec<Value> =
        (0..10).map(|n| json!({"name": format!("VARIABLE_{n}"), "value": format!("value {n}")})).collect();
    let container = json!({"name": "main", "image": format!("ghcr.io/acme/{name}:{release}"), "env": env,
        "ports": [{"containerPort": 8080, "name": "http"}, {"containerPort": 9090, "name": "metrics"}],
        "args": ["serve", "--listen=:8080", "--level=info"],
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 10}});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], "serviceAccountName": name}}}})
}

#[test]
#[ignore = "measures"]
fn two_thousand_resources_with_a_new_label_and_image() {
    let side = |release: &str| -> Vec<_> {
        (0..200)
            .map(|number| {
                let documents = (0..10).map(|n| resource(number, n, release)).collect();
                entry(&format!("apps/{number:03}.ts"), documents)
            })
            .collect()
    };
    let (before, after) = (side("1.0"), side("1.1"));
    for _ in 0..5 {
        let started = Instant::now();
        let diff = diff(&before, &after);
        eprintln!(
            "{:?}: {} resources, {} groups",
            started.elapsed(),
            diff.resources.len(),
            diff.groups.len()
        );
        assert_eq!(diff.counts.changed, 2000);
    }
}
