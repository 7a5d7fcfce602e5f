//! The job summary, for `$GITHUB_STEP_SUMMARY`: what the comment tells, every failure with its code, what was slow, and
//! the whole diff.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::Run;
use super::SLOW;
use super::comment::{About, Comment};
use super::coverage;
use super::markdown::diff::{Page, details, kept};
use super::markdown::escape::{Info, code_cut, fence};
use super::markdown::{Detail, Elsewhere, LeftOut, Limit, fit};
use super::text::{self, Look, plural};
use crate::change::Diff;
use crate::event::{CaseResult, CaseStatus, Failure, FileResult};

/// The most bytes of a summary. GitHub takes 1 MiB of a step, and nothing of what is larger.
const MAX_BYTES: usize = 1_000_000;
/// The most slow cases that are told.
const MAX_SLOW: usize = 10;

/// The summary of a run, in Markdown of at most 1,000,000 bytes. What does not fit is left out, the least valuable first;
/// `elsewhere` says where it is.
pub(crate) fn render(run: &Run, diff: Option<&Diff>, about: &About, elsewhere: &Elsewhere) -> String {
    let comment = Comment::of(run, None, about).with(diff);
    let page = diff.map(Page::of);
    fit(Limit::Bytes(MAX_BYTES), elsewhere, |detail, left_out| {
        let mut blocks = vec![comment.head()];
        if let Some(page) = &page {
            let failed = page.failed(detail, left_out);
            if !failed.is_empty() {
                blocks.push(format!("#### ✗ Not rendered\n\n{}", failed.concat()));
            }
        }
        blocks.extend(failures(run, detail, left_out));
        if let Some(page) = &page {
            blocks.extend(page.dangers(detail, left_out));
            blocks.extend(page.notes(detail, left_out));
        }
        blocks.extend(flaky(run, detail, left_out));
        blocks.extend(warnings(run, detail, left_out));
        blocks.extend(obsolete_snapshots(run, detail, left_out));
        if let Some(page) = &page {
            blocks.extend(page.changes(detail, left_out));
        }
        blocks.extend(run.coverage.as_ref().map(|counted| coverage::markdown(counted, detail, left_out)));
        blocks.extend(slow(run));
        blocks
    })
}

/// All cases of a run with their files, in the order of the paths.
fn cases(run: &Run) -> impl Iterator<Item = (&FileResult, &CaseResult)> {
    run.files.values().flat_map(|file| file.cases.iter().map(|case| (file.as_ref(), case)))
}

/// Every failed case, with all that is known of its failures.
fn failures(run: &Run, detail: &Detail, left_out: &mut LeftOut) -> Vec<String> {
    let failed: Vec<_> = cases(run).filter(|(_, case)| case.status.is_failure()).collect();
    if failed.is_empty() {
        return Vec::new();
    }
    // The words of a terminal in a block; what the summary is too short for, another report has.
    let look = Look { color: false, terminal: true };
    let shown = failed.len().min(detail.list);
    left_out.blocks += failed.len() - shown;
    let mut blocks = vec!["#### ✗ Failed\n".to_owned()];
    blocks.extend(failed[..shown].iter().map(|(file, case)| {
        let mut lines = Vec::new();
        for failure in case.last_failures() {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(text::failure(failure, look));
        }
        let place = text::heading_place(file.path.as_str(), case.place.as_ref());
        let title = format!("{} {}", code_cut(&case.name, 300), code_cut(&place, 300));
        details(&title, &fence(Info::Text, &lines)).replacen("<details>", "<details open>", 1)
    }));
    blocks
}

/// Cases that passed only when they were run again, with what failed last.
fn flaky(run: &Run, detail: &Detail, left_out: &mut LeftOut) -> Option<String> {
    let flaky = cases(run).filter(|(_, case)| case.status == (CaseStatus::Flaky { fails: false }));
    let items: Vec<String> = flaky
        .map(|(file, case)| {
            let place = text::heading_place(file.path.as_str(), case.place.as_ref());
            let message = case.last_failures().first().map_or("", |failure| failure.message.as_str());
            format!(
                "- {} {}, passed at attempt {}<br>{}\n",
                code_cut(&case.name, 200),
                code_cut(&place, 200),
                case.attempts.len() + 1,
                code_cut(&text::strip_ansi(message), detail.message)
            )
        })
        .collect();
    (!items.is_empty()).then(|| {
        let title = plural(items.len(), "flaky case");
        details(&title, &kept(items, detail.list, left_out).concat())
    })
}

/// The stored snapshots that no case asks for.
fn obsolete_snapshots(run: &Run, detail: &Detail, left_out: &mut LeftOut) -> Option<String> {
    let names =
        run.files.values().flat_map(|file| file.obsolete_snapshots.iter().map(move |name| (file, name)));
    let items: Vec<String> = names
        .map(|(file, name)| format!("- {} {}\n", code_cut(name, 200), code_cut(file.path.as_str(), 300)))
        .collect();
    (!items.is_empty()).then(|| {
        let title = plural(items.len(), "obsolete snapshot");
        details(&title, &kept(items, detail.list, left_out).concat())
    })
}

/// What discovery said, and every different warning about a case once, with how many are like it.
fn warnings(run: &Run, detail: &Detail, left_out: &mut LeftOut) -> Option<String> {
    let mut items: Vec<String> = run
        .started
        .iter()
        .flat_map(|started| &started.warnings)
        .map(|warning| format!("- {}\n", code_cut(&text::strip_ansi(&warning.to_string()), detail.message)))
        .collect();
    let mut order: Vec<(&FileResult, &CaseResult, &Failure, usize)> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for (file, case) in cases(run) {
        for warning in &case.warnings {
            let at = *known.entry((&warning.type_name, &warning.message)).or_insert_with(|| {
                order.push((file, case, warning, 0));
                order.len() - 1
            });
            order[at].3 += 1;
        }
    }
    items.extend(order.into_iter().map(|(file, case, warning, count)| {
        let place = warning.place.as_ref().map_or_else(|| file.path.to_string(), ToString::to_string);
        let mut item = format!(
            "- **{}** {} {}<br>{}",
            code_cut(&warning.type_name, 100),
            code_cut(&case.name, 200),
            code_cut(&place, 200),
            code_cut(&text::strip_ansi(&warning.message), detail.message)
        );
        if count > 1 {
            let _ = write!(item, " and {} like it", plural(count - 1, "warning"));
        }
        item + "\n"
    }));
    (!items.is_empty()).then(|| {
        let count = items.len();
        details(&plural(count, "warning"), &kept(items, detail.list, left_out).concat())
    })
}

/// The slowest cases, when there are slow ones.
fn slow(run: &Run) -> Option<String> {
    let mut slow: Vec<_> = cases(run).filter(|(_, case)| case.duration > SLOW).collect();
    slow.sort_by_key(|(_, case)| std::cmp::Reverse(case.duration));
    if slow.is_empty() {
        return None;
    }
    let mut table = "| Time | Case | File |\n|---:|---|---|\n".to_owned();
    for (file, case) in slow.iter().take(MAX_SLOW) {
        let _ = writeln!(
            table,
            "| {} | {} | {} |",
            text::duration(case.duration),
            code_cut(&case.name, 200),
            code_cut(file.path.as_str(), 200)
        );
    }
    Some(details(&plural(slow.len(), "slow case"), &table))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::markdown::hostile::{MARK, TEXTS, form};
    use super::super::{example, model};
    use super::*;

    fn run(events: &[crate::event::Event]) -> Run {
        let mut run = Run::default();
        events.iter().for_each(|event| run.add(event));
        run
    }

    fn shown(run: &Run, diff: Option<&Diff>) -> String {
        render(run, diff, &About { commit: "a".repeat(40), ..About::default() }, &Elsewhere::default())
    }

    #[test]
    fn every_failure_is_told_with_its_code() {
        let text = shown(&run(&model::events()), None);
        for (_, name, outcome) in model::outcomes() {
            match outcome {
                model::Outcome::Failed(_) | model::Outcome::Error(_) => {
                    assert!(text.contains(&code_cut(&name, 300)), "{name}\n{text}");
                }
                model::Outcome::Passed | model::Outcome::Skipped(_) | model::Outcome::Todo => {}
            }
        }
        assert!(text.contains("\n-   \"replicas\": 3,\n+   \"replicas\": 2,\n"), "{text}");
        assert!(text.contains("\n> 12 │   expect(spec(web, 2)).toEqual("));
        assert!(text.contains("did you mean &#96;timeout&#96;&#63;"));
        assert!(text.contains("$.spec.externalIPs") || text.contains("&#36;.spec.externalIPs"));
        assert!(!text.contains("slow case"));
    }

    #[test]
    fn slow_cases_are_told_the_slowest_first() {
        let mut file = model::passing("a.test.ts", &["quick", "slow", "slower"]);
        file.cases[1].duration = Duration::from_millis(700);
        file.cases[2].duration = Duration::from_secs(3);
        let text = shown(&run(&model::run_of(vec![file], None)), None);
        let (_, table) = text.split_once("<summary>2 slow cases</summary>").expect("a table");
        assert!(
            table.contains("| 3.00s | <code>slower</code> | <code>a.test.ts</code> |\n| 700ms |"),
            "{table}"
        );
        assert!(!table.contains("quick"));
    }

    #[test]
    fn obsolete_snapshots_are_named() {
        let mut file = model::passing("a.test.ts", &["one"]);
        file.obsolete_snapshots = vec!["web > gone 1".to_owned()];
        let text = shown(&run(&model::run_of(vec![file], None)), None);
        let (_, list) = text.split_once("<summary>1 obsolete snapshot</summary>").expect("a list");
        assert!(list.contains("- <code>web &#62; gone 1</code> <code>a.test.ts</code>"), "{list}");
        assert!(!shown(&run(&model::events()), None).contains("obsolete"));
    }

    #[test]
    fn whatever_the_texts_say_the_form_stays() {
        for said in TEXTS {
            let said = format!("{MARK}{said}{MARK}");
            let mut run = run(&model::events());
            for file in run.files.values_mut() {
                let file = Arc::make_mut(file);
                file.obsolete_snapshots = vec![said.clone()];
                for case in &mut file.cases {
                    case.name.clone_from(&said);
                    case.duration = Duration::from_secs(1);
                    for failure in case.failures.iter_mut().chain(&mut case.warnings) {
                        failure.message.clone_from(&said);
                        failure.type_name.clone_from(&said);
                        failure.help = Some(said.clone());
                    }
                }
            }
            let text = shown(&run, Some(&example::saying(&example::everything(), &said)));
            assert!(form(&text, &[]).len() > 100);
        }
    }

    #[test]
    fn it_is_never_too_large() {
        let mut run = run(&model::events());
        let mut file = model::web();
        let case = file.cases.remove(1);
        file.cases = vec![case; 3000];
        run.files.insert(file.path.clone(), Arc::new(file));
        let mut diff = example::shop();
        for resource in &mut diff.resources {
            resource.yaml_after = Some("long: line\n".repeat(200_000));
        }
        let text = shown(&run, Some(&diff));
        assert!(text.len() <= MAX_BYTES && text.len() > 1000, "{}", text.len());
        assert!(text.contains("> Left out"), "{}", &text[..500]);
    }
}
