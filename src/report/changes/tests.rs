use super::super::example;
use super::super::text::strip_ansi;
use super::*;

fn shown(diff: &Diff, look: Look, yaml: bool) -> String {
    changes(diff, look, yaml).join("\n")
}

#[test]
fn a_change_reads_well() {
    let text = shown(&example::shop(), Look::terminal(false), false);
    assert_eq!(
        text,
        r#"DANGER stateful-deletion PersistentVolumeClaim shop/orders-data
  │ the claim is deleted, and the data on its volume with it unless the volume is retained
DANGER immutable-field Deployment shop/api spec.selector.matchLabels.app
  │ the API server refuses another selector: the Deployment has to be deleted and created again

the same in 3 resources
      ~ spec.template.spec.containers[name=app].image: registry.example.com/shop/app:1.4.2 → registry.example.com/shop/app:1.5.0
    │ shop: Deployment api, web, worker

in env/prod.ts (prod) (1 removed, 5 changed, 1 added)
  ~ Deployment shop/api
      ~ spec.selector.matchLabels.app: api → shop-api
      ~ spec.template.metadata.labels.app: api → shop-api
      and 1 change shared with others, see above
  ~ Deployment shop/web
      + spec.template.spec.containers[name=metrics]: {"name":"metrics","image":"prom/statsd-exporter:v0.27.1","args":["--statsd.mapping-config=/etc/statsd/mapping.yaml"],"ports":[{"containerPort":9102}]}
      and 1 change shared with others, see above
  ~ Deployment shop/worker
      and 1 change shared with others, see above
  ~ Secret shop/database
      ~ stringData.password: <redacted> → <redacted: changed>
  ~ ConfigMap shop/web-config
      ~ data["web.toml"]:
        │ @@ -1,6 +1,6 @@
        │  [server]
        │  port = 8080
        │ -timeout = "30s"
        │ +timeout = "10s"
        │
        │  [log]
        │ -level = "info"
        │ +level = "debug"
  + PodDisruptionBudget shop/web
  − PersistentVolumeClaim shop/orders-data

Resources 2 dangers; 1 removed, 5 changed, 1 added, 117 unchanged, against origin/main (4f2a91c)"#
    );
}

#[test]
fn yaml_is_told_when_asked_for() {
    let text = shown(&example::shop(), Look::terminal(false), true);
    for line in
        ["+            - containerPort: 9102", "-kind: PersistentVolumeClaim", "+kind: PodDisruptionBudget"]
    {
        assert!(text.contains(&format!("        │ {line}\n")), "{line}\n{text}");
    }
}

#[test]
fn no_change_is_one_line() {
    let mut diff = example::shop();
    diff.resources.clear();
    diff.groups.clear();
    diff.dangers.clear();
    diff.duplicates.clear();
    diff.entries.clear();
    diff.counts = crate::change::ChangeCounts { unchanged: 124, ..crate::change::ChangeCounts::default() };
    let text = shown(&diff, Look::terminal(false), true);
    assert_eq!(text, "Resources no change, 124 unchanged, against origin/main (4f2a91c)");
}

#[test]
fn what_cannot_be_rendered_is_told_first() {
    let mut diff = example::shop();
    diff.failed = vec![example::failed("env/dev.ts", Side::Head), example::failed("env/new.ts", Side::Base)];
    let text = shown(&diff, Look::terminal(false), false);
    assert!(
        text.starts_with(
            "✗ env/dev.ts cannot be rendered any more (14 resources compared with nothing)\n  \
             │ lib/web.ts:4:9: TypeError: cannot read property 'image' of undefined\n\
             ✗ env/new.ts could not be rendered on the base, and can be now"
        ),
        "{text}"
    );
}

#[test]
fn colour_adds_nothing_but_colour() {
    let (plain, coloured) = (Look::terminal(false), Look::terminal(true));
    let text = shown(&example::shop(), coloured, true);
    assert_eq!(strip_ansi(&text), shown(&example::shop(), plain, true));
    assert!(text.contains("\u{1b}[33m~\u{1b}[0m"));
}

#[test]
fn nothing_that_a_file_says_is_a_command() {
    for said in ["::error::x\n::add-mask::m\r\u{1b}[2J", "\u{1b}]0;t\u{7}\u{9b}31m\u{202e}##[error]x"] {
        let diff = example::saying(&example::everything(), said);
        for color in [false, true] {
            let text = shown(&diff, Look::terminal(color), true);
            for line in strip_ansi(&text).split('\n') {
                assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line}");
                assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }
}
