//! Diffs made by hand: one that a pull request could have, and parts for others.

use serde_json::{Value, json};

use crate::change::{
    ChangeCounts, ChangeKind, Danger, Diff, Duplicate, Edit, EntryChange, EntryName, EntryState, FailedEntry,
    FieldChange, FieldPath, FieldStep, Group, ResourceChange, Revision, Side,
};
use crate::resource::Identity;
use crate::rule::{Level, Rule};

/// A diff without anything in it.
pub(crate) fn empty() -> Diff {
    Diff {
        base: Revision {
            name: "origin/main".to_owned(),
            commit: "4f2a91c3d0b86e57f1a2c3d4e5f60718293a4b5c".to_owned(),
        },
        failed: Vec::new(),
        notes: Vec::new(),
        entries: Vec::new(),
        resources: Vec::new(),
        groups: Vec::new(),
        dangers: Vec::new(),
        duplicates: Vec::new(),
        counts: ChangeCounts::default(),
        render_sha256: None,
    }
}

/// An entry without aliases, or `env/<name>.ts` with the alias that is its name.
pub(crate) fn entry(name: &str) -> EntryName {
    if name.contains('/') {
        EntryName { path: name.to_owned(), aliases: Vec::new() }
    } else {
        EntryName { path: format!("env/{name}.ts"), aliases: vec![name.to_owned()] }
    }
}

/// A resource that changed, without fields.
pub(crate) fn resource(at: &str, kind: &str, namespace: Option<&str>, name: &str) -> ResourceChange {
    let api_version = match kind {
        "Deployment" => "apps/v1",
        _ => "v1",
    };
    let identity = Identity {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    };
    ResourceChange {
        kind: ChangeKind::Changed,
        identity,
        before: None,
        entry: entry(at),
        entry_before: None,
        fields: Vec::new(),
        yaml_before: Some("kind: a\n".to_owned()),
        yaml_after: Some("kind: b\n".to_owned()),
    }
}

/// An entry that cannot be rendered.
pub(crate) fn failed(path: &str, side: Side) -> FailedEntry {
    FailedEntry {
        entry: EntryName { path: path.to_owned(), aliases: Vec::new() },
        side,
        message: "lib/web.ts:4:9: TypeError: cannot read property 'image' of undefined".to_owned(),
        not_compared: 14,
    }
}

/// A path as it is written, without keys that need quotes: `spec.containers[name=web].image`.
pub(crate) fn path(written: &str) -> FieldPath {
    let mut steps = Vec::new();
    let mut rest = written;
    while !rest.is_empty() {
        if let Some(item) = rest.strip_prefix('[') {
            let (item, after) = item.split_once(']').unwrap();
            let (key, value) = item.split_once('=').unwrap();
            steps.push(FieldStep::Item(vec![(key.to_owned(), value.to_owned())]));
            rest = after;
        } else {
            let key = rest.strip_prefix('.').unwrap_or(rest);
            let end = key.find(['.', '[']).unwrap_or(key.len());
            steps.push(FieldStep::Key(key[..end].to_owned()));
            rest = &key[end..];
        }
    }
    FieldPath(steps)
}

/// A field with another value.
pub(crate) fn changed(at: &str, before: impl Into<Value>, after: impl Into<Value>) -> FieldChange {
    FieldChange {
        path: path(at),
        edit: Edit::Changed { before: before.into(), after: after.into() },
        group: None,
    }
}

/// A field that is new.
pub(crate) fn added(at: &str, value: Value) -> FieldChange {
    FieldChange { path: path(at), edit: Edit::Added(value), group: None }
}

/// Counts the resources of a diff, for it and for its entries, each of which has `unchanged` others.
pub(crate) fn count(diff: &mut Diff, unchanged: usize) {
    let mut entries: Vec<EntryChange> = Vec::new();
    for resource in &diff.resources {
        let at = entries.iter().position(|one| one.entry == resource.entry).unwrap_or_else(|| {
            entries.push(EntryChange {
                entry: resource.entry.clone(),
                before: None,
                state: EntryState::Kept,
                counts: ChangeCounts { unchanged, ..ChangeCounts::default() },
            });
            entries.len() - 1
        });
        entries[at].counts.count(resource.kind);
        diff.counts.count(resource.kind);
    }
    entries.sort_by(|a, b| a.entry.cmp(&b.entry));
    diff.counts.unchanged = unchanged * entries.len();
    diff.entries = entries;
}

fn deployment(name: &str, image: &str, more: &str, app: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app: {app}
  template:
    metadata:
      labels:
        app: {app}
    spec:
      containers:
        - name: app
          image: {image}
          ports:
            - containerPort: 8080
{more}"
    )
}

const IMAGE: &str = "spec.template.spec.containers[name=app].image";

const SIDECAR: &str = "        - name: metrics
          image: prom/statsd-exporter:v0.27.1
          args:
            - --statsd.mapping-config=/etc/statsd/mapping.yaml
          ports:
            - containerPort: 9102
";

const CLAIM: &str = "apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: orders-data
  namespace: shop
spec:
  accessModes:
    - ReadWriteOnce
  resources:
    requests:
      storage: 20Gi
";

/// What a pull request could do: an image of three services, a claim that goes, a container that comes, a Secret, the
/// selector of a Deployment, a configuration of several lines, a disruption budget that comes.
pub(crate) fn shop() -> Diff {
    let (old, new) = ("registry.example.com/shop/app:1.4.2", "registry.example.com/shop/app:1.5.0");
    let mut diff = empty();
    for (name, app) in [("api", "shop-api"), ("web", "web"), ("worker", "worker")] {
        let mut one = resource("prod", "Deployment", Some("shop"), name);
        let image = changed(IMAGE, old, new);
        one.fields.push(FieldChange { group: Some(0), ..image });
        let more = if name == "web" { SIDECAR } else { "" };
        one.yaml_before = Some(deployment(name, old, "", name));
        one.yaml_after = Some(deployment(name, new, more, app));
        diff.resources.push(one);
    }
    diff.resources[0].fields.extend([
        changed("spec.selector.matchLabels.app", "api", "shop-api"),
        changed("spec.template.metadata.labels.app", "api", "shop-api"),
    ]);
    diff.resources[1].fields.push(added(
        "spec.template.spec.containers[name=metrics]",
        json!({
            "name": "metrics", "image": "prom/statsd-exporter:v0.27.1",
            "args": ["--statsd.mapping-config=/etc/statsd/mapping.yaml"], "ports": [{"containerPort": 9102}],
        }),
    ));
    let mut secret = resource("prod", "Secret", Some("shop"), "database");
    secret.fields.push(changed("stringData.password", "<redacted>", "<redacted: changed>"));
    let yaml = |password| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: database\n  namespace: shop\nstringData:\n  password: {password}\n"
        )
    };
    (secret.yaml_before, secret.yaml_after) =
        (Some(yaml("<redacted>")), Some(yaml("\"<redacted: changed>\"")));
    let mut config = resource("prod", "ConfigMap", Some("shop"), "web-config");
    let (before, after) = (
        "[server]\nport = 8080\ntimeout = \"30s\"\n\n[log]\nlevel = \"info\"\n",
        "[server]\nport = 8080\ntimeout = \"10s\"\n\n[log]\nlevel = \"debug\"\n",
    );
    config.fields.push(FieldChange {
        path: FieldPath(vec![FieldStep::Key("data".to_owned()), FieldStep::Key("web.toml".to_owned())]),
        ..changed("", before, after)
    });
    let yaml = |text: &str| {
        let text: String =
            text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-config\n  namespace: shop\ndata:\n  web.toml: |\n{text}"
        )
    };
    (config.yaml_before, config.yaml_after) = (Some(yaml(before)), Some(yaml(after)));
    let mut budget = resource("prod", "PodDisruptionBudget", Some("shop"), "web");
    budget.kind = ChangeKind::Added;
    budget.yaml_before = None;
    budget.yaml_after = Some(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  \
         minAvailable: 2\n  selector:\n    matchLabels:\n      app: web\n"
            .to_owned(),
    );
    let mut claim = resource("prod", "PersistentVolumeClaim", Some("shop"), "orders-data");
    claim.kind = ChangeKind::Removed;
    (claim.yaml_before, claim.yaml_after) = (Some(CLAIM.to_owned()), None);
    diff.resources.extend([secret, config, budget, claim]);
    diff.groups.push(Group { changes: vec![changed(IMAGE, old, new)], resources: vec![0, 1, 2] });
    let danger = |rule, resource, at: Option<&str>, reason: &str| Danger {
        rule,
        level: Level::Warn,
        resources: vec![resource],
        path: at.map(path),
        reason: reason.to_owned(),
    };
    diff.dangers = vec![
        danger(
            Rule::StatefulDeletion,
            6,
            None,
            "the claim is deleted, and the data on its volume with it unless the volume is retained",
        ),
        danger(
            Rule::ImmutableField,
            0,
            Some("spec.selector.matchLabels.app"),
            "the API server refuses another selector: the Deployment has to be deleted and created again",
        ),
    ];
    count(&mut diff, 41);
    let other = |name| EntryChange {
        entry: entry(name),
        before: None,
        state: EntryState::Kept,
        counts: ChangeCounts { unchanged: 38, ..ChangeCounts::default() },
    };
    diff.entries.extend([other("dev"), other("staging")]);
    diff.entries.sort_by(|a, b| a.entry.cmp(&b.entry));
    diff.counts.unchanged += 2 * 38;
    diff.duplicates.push(Duplicate {
        identity: Identity {
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            namespace: None,
            name: "shop-ci".to_owned(),
        },
        entries: vec![entry("dev"), entry("staging")],
        is_new: false,
    });
    diff
}

/// One helper changes: a label in all resources of `entries` entries, and in each a Deployment's image of its own.
pub(crate) fn wide(entries: usize) -> Diff {
    const KINDS: [(&str, &str); 10] = [
        ("Deployment", ""),
        ("Service", ""),
        ("ConfigMap", "-config"),
        ("Secret", "-credentials"),
        ("ServiceAccount", ""),
        ("Ingress", "-public"),
        ("HorizontalPodAutoscaler", ""),
        ("PodDisruptionBudget", ""),
        ("NetworkPolicy", "-default-deny"),
        ("Role", "-reader"),
    ];
    let mut diff = empty();
    for number in 0..entries {
        let place = format!("team-{number:03}");
        for (kind, suffix) in KINDS {
            let name = format!("app-{number:03}{suffix}");
            let mut one = resource(&place, kind, Some(&place), &name);
            let label = changed("metadata.labels.release", "2026-10", "2026-11");
            one.fields.push(FieldChange { group: Some(0), ..label });
            if kind == "Deployment" {
                let image = |tag| format!("registry.example.com/platform/services/{name}:1.{number}.{tag}");
                one.fields.push(changed(IMAGE, image(1), image(2)));
            }
            let text = |month| {
                let spec: String = (0..60).map(|n| format!("  field{n}: value\n")).collect();
                format!(
                    "kind: {kind}\nmetadata:\n  name: {name}\n  labels:\n    release: {month}\nspec:\n{spec}"
                )
            };
            (one.yaml_before, one.yaml_after) = (Some(text("2026-10")), Some(text("2026-11")));
            diff.resources.push(one);
        }
    }
    let label = changed("metadata.labels.release", "2026-10", "2026-11");
    diff.groups.push(Group { changes: vec![label], resources: (0..diff.resources.len()).collect() });
    count(&mut diff, 2);
    diff
}

/// A diff that has everything that a diff can have.
pub(crate) fn everything() -> Diff {
    let mut diff = shop();
    diff.failed = [Side::Head, Side::Base, Side::Both].map(|side| failed("env/broken.ts", side)).to_vec();
    diff.notes = vec!["the base has no lock file".to_owned()];
    let mut renamed = resource("staging", "Deployment", Some("shop"), "new");
    renamed.kind = ChangeKind::Renamed;
    renamed.before = Some(resource("staging", "Deployment", Some("shop"), "old").identity);
    renamed.fields = vec![
        FieldChange { path: path("spec.args"), edit: Edit::Reordered, group: None },
        FieldChange { path: path("spec.paused"), edit: Edit::Removed(json!(true)), group: None },
    ];
    let mut moved = resource("staging", "Service", None, "web");
    moved.kind = ChangeKind::Moved;
    moved.entry_before = Some(entry("dev"));
    diff.resources.extend([renamed, moved]);
    let mut new = diff.duplicates[0].clone();
    new.is_new = true;
    diff.duplicates.push(new);
    diff.dangers[1].level = Level::Error;
    diff.dangers[0].resources = vec![0, 1, 2, 3, 6];
    diff.entries.clear();
    count(&mut diff, 5);
    diff.entries[0].before = Some(entry("old"));
    diff.entries[1].state = EntryState::Added;
    diff
}

/// The same diff, in which every text is `said`.
pub(crate) fn saying(diff: &Diff, said: &str) -> Diff {
    /// Replaces every string but those that are words of the format.
    fn replace(value: &mut Value, said: &str) {
        const WORDS: [&str; 6] = ["rule", "level", "kind", "state", "side", "edit"];
        match value {
            Value::String(text) => *text = said.to_owned(),
            Value::Array(items) => items.iter_mut().for_each(|item| replace(item, said)),
            Value::Object(fields) => {
                let is_identity = fields.contains_key("apiVersion");
                for (key, value) in fields.iter_mut() {
                    let is_word = WORDS.contains(&key.as_str()) && value.is_string() && !is_identity;
                    if !is_word {
                        replace(value, said);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut value = serde_json::to_value(diff).unwrap();
    replace(&mut value, said);
    serde_json::from_value(value).unwrap()
}
