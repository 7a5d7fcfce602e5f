use super::super::markdown::hostile::{MARK, TEXTS, form};
use super::super::{example, model};
use super::*;

fn run(events: &[crate::event::Event]) -> Run {
    let mut run = Run::default();
    events.iter().for_each(|event| run.add(event));
    run
}

/// A run in which everything passed.
fn passed() -> Run {
    let mut entry = model::passing("env/prod.ts", &["build", "Deployment shop/web"]);
    entry.kind = FileKind::Entry { aliases: vec!["prod".to_owned()] };
    run(&model::run_of(vec![model::passing("lib/web.test.ts", &["a", "b", "c"]), entry], None))
}

fn about() -> About {
    About { commit: "9c1d2e3f4a5b60718293a4b5c6d7e8f901234567".to_owned(), ..About::default() }
}

fn elsewhere() -> Elsewhere {
    Elsewhere {
        summary: Some("https://github.com/example/shop/actions/runs/123456".to_owned()),
        artifact: Some("husako-ci".to_owned()),
    }
}

fn shown(run: &Run, diff: Option<&Diff>, limit: usize) -> String {
    render(&Comment::of(run, diff, &about()), limit, &elsewhere())
}

#[test]
fn a_comment_reads_well() {
    let text = shown(&passed(), Some(&example::shop()), 65_536);
    assert_eq!(text, include_str!("shop.md"));
    form(&text, &[LINK]);
}

/// The whole comment with `said` everywhere.
fn saying(said: &str) -> Comment {
    let about =
        About { commit: said.to_owned(), label: Some(said.to_owned()), projects: vec![said.to_owned(); 7] };
    let diff = example::saying(&example::everything(), said);
    let mut comment = Comment::of(&run(&model::events()), Some(&diff), &about);
    for case in &mut comment.failed {
        case.file = format!("{said}.ts");
        case.name = said.to_owned();
        case.message = said.to_owned();
        case.place = case.place.as_ref().map(|_| said.to_owned());
    }
    // As it comes from another job.
    Comment::from_json(&comment.to_json().unwrap()).unwrap()
}

const LINK: &str = "https://github.com/example/shop/actions/runs/123456";

#[test]
fn whatever_the_texts_say_the_form_stays() {
    for limit in [65_536, 4_000, 1_500] {
        let mut checked = 0;
        for said in TEXTS {
            let said = format!("{MARK}{said}{MARK}");
            // As long and with as many lines, and without anything that could be harmful.
            let harmless: String =
                said.chars().map(|c| if c == '\n' || c == ' ' { c } else { 'x' }).collect();
            let (hostile, plain) = (
                render(&saying(&said), limit, &elsewhere()),
                render(&saying(&harmless), limit, &elsewhere()),
            );
            let (hostile, plain) = (form(&hostile, &[LINK]), form(&plain, &[LINK]));
            assert!(!hostile.is_empty());
            if limit == 65_536 {
                let at = hostile.iter().zip(&plain).position(|(a, b)| a != b);
                assert_eq!(at.map(|at| (&hostile[at], &plain[at])), None, "{said:?}");
                assert_eq!(hostile.len(), plain.len(), "{said:?}");
                checked += 1;
            }
        }
        assert!(limit != 65_536 || checked == TEXTS.len());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_keeps_the_form(
        said in "([a-z ]|[`~|<>&\\\\\\[\\]()#@*_$:!\\-\\n\\r\\t\"'/.=+]|www\\.|https?://|```|</?(code|details|summary)>|\\PC|\\p{C}){0,40}",
        limit in 500..70_000_usize,
    ) {
        let text = render(&saying(&said), limit, &elsewhere());
        assert!(text.encode_utf16().count() <= limit);
        form(&text, &[LINK]);
    }
}

#[test]
fn the_largest_of_changes_is_told_whole() {
    let diff = example::wide(200);
    let text = shown(&passed(), Some(&diff), 65_536);
    assert!(text.encode_utf16().count() <= 65_536);
    form(&text, &[LINK]);
    assert!(text.starts_with("### ✓ husako-ci: 2000 resources change\n"));
    assert!(
        text.contains("> Left out, for length: the YAML of 2000 resources; the [job summary]"),
        "{}",
        &text[..900]
    );
    let names = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for number in [0, 99, 199] {
        let name = format!("app-{number:03}");
        assert!(text.contains(&format!(
            "team-{number:03}/{name}: registry.example.com/platform/services/{name}:1.{number}.1 → \
             registry.example.com/platform/services/{name}:1.{number}.2\n"
        )));
        assert!(names.contains(&format!("team-{number:03} ({name})")));
        assert!(text.contains(&format!("<code>env/team-{number:03}.ts (team-{number:03})</code>")));
    }
    assert!(names.contains("Secret *-credentials (* is the name in parentheses)"), "{names}");
}

#[test]
fn every_length_is_kept_and_the_most_valuable_stays() {
    let mut diff = example::everything();
    diff.resources.extend(example::wide(30).resources);
    let full = shown(&run(&model::events()), Some(&diff), usize::MAX);
    assert!(!full.contains("Left out"));
    let mut longest = usize::MAX;
    for limit in [60_000, 30_000, 12_000, 6_000, 3_000, 1_500, 700, 400, 10] {
        let text = shown(&run(&model::events()), Some(&diff), limit);
        let length = text.encode_utf16().count();
        assert!(length <= limit && length <= longest, "{length} of {limit}");
        longest = length;
        form(&text, &[LINK]);
        assert!(
            limit < 400 || text.starts_with("### ✗ husako-ci: 19 tests failed, 2 entries failed"),
            "{text}"
        );
        assert!(limit < 700 || text == full || text.contains("> Left out"), "{limit}\n{text}");
        assert!(limit < 6_000 || text.contains("**immutable-field** (fails the run)"), "{limit}\n{text}");
    }
}

#[test]
fn huge_texts_are_cut() {
    let mut diff = example::everything();
    let huge = "x".repeat(1 << 20);
    diff.notes.push(huge.clone());
    diff.dangers[0].reason = huge.clone();
    diff.resources[0].identity.name = huge.clone();
    diff.resources[1].yaml_after = Some(format!("{huge}\n").repeat(3));
    diff.resources[2].fields.push(example::changed("spec.a", huge.clone(), format!("{huge}y")));
    let text = shown(&passed(), Some(&diff), 65_536);
    form(&text, &[LINK]);
    assert!(!text.contains(&"x".repeat(1001)));
    assert!(text.contains("more characters") && text.contains("xy</code>"));
}

#[test]
fn no_change_is_one_line_beside_the_counts() {
    let mut diff = example::empty();
    diff.counts.unchanged = 120;
    let text = shown(&passed(), Some(&diff), 65_536);
    assert_eq!(
        text,
        "### ✓ husako-ci: no change\n\n**Tests** 3 passed · **Entries** 1 valid · **Resources** no change, 120 \
         unchanged · <code>9c1d2e3</code> against <code>origin/main</code> (<code>4f2a91c</code>)\n"
    );
    assert!(shown(&passed(), None, 65_536).starts_with("### ✓ husako-ci: all passed\n"));
}

#[test]
fn an_entry_that_fails_is_told_once() {
    let mut diff = example::empty();
    diff.failed.push(example::failed("apps/env/prod.ts", Side::Head));
    let text = shown(&run(&model::events()), Some(&diff), 65_536);
    assert_eq!(text.matches("<code>apps/env/prod.ts").count(), 1, "{text}");
    assert!(text.starts_with(
        "### ✗ husako-ci: 19 tests failed, 1 entry failed, 1 file did not run, no other change"
    ));
}

#[test]
fn saved_data_are_read_as_they_were() {
    let comment = Comment::of(&run(&model::events()), Some(&example::everything()), &about());
    assert_eq!(Comment::from_json(&comment.to_json().unwrap()), Ok(comment));
}

#[test]
fn data_that_do_not_fit_together_are_refused() {
    let data = |change: fn(&mut serde_json::Value)| {
        let comment = Comment::of(&passed(), Some(&example::everything()), &about());
        let mut value = serde_json::to_value(comment).unwrap();
        change(&mut value);
        Comment::from_json(&value.to_string()).unwrap_err()
    };
    assert_eq!(
        data(|value| value["version"] = 2.into()),
        "the data of the comment have version 2, and 1 is known: use the same version of husako-ci in both jobs"
    );
    assert!(data(|value| value["diff"]["groups"][0]["resources"][1] = 99.into()).contains("resource 99"));
    assert!(
        data(|value| value["diff"]["dangers"][0]["resources"] = serde_json::json!([]))
            .contains("a danger without")
    );
    assert!(
        data(|value| value["diff"]["dangers"][0]["resources"] = serde_json::json!([1, 1])).contains("twice")
    );
    assert!(data(|value| value["diff"]["dangers"][0]["rule"] = "x".into()).contains("unknown rule `x`"));
    assert!(data(|value| value["diff"]["resources"][0]["fields"][0]["group"] = 7.into()).contains("group 7"));
    assert!(data(|value| value["diff"]["counts"]["added"] = u64::MAX.into()).contains("too large a count"));
    assert!(data(|value| value["tests"]["files"] = u64::MAX.into()).contains("too large a count"));
    assert!(Comment::from_json("[]").is_err() && Comment::from_json(&"[".repeat(100_000)).is_err());
}
