use super::super::model::{self, Outcome};
use super::*;
use crate::event::{Comparison, FileResult};
use crate::tree::RelPath;

fn shown(events: &[Event], color: bool, verbosity: Verbosity) -> String {
    let mut out = Vec::new();
    let mut terminal = Terminal::new(&mut out, color, verbosity, None);
    for event in events {
        terminal.event(event).unwrap();
    }
    drop(terminal);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_outcome_is_told() {
    let text = shown(&model::events(), false, Verbosity::Verbose);
    let (lines, failures) = text.split_once("\n\nFAIL ").unwrap();
    for (path, name, outcome) in model::outcomes() {
        let file = lines.split_once(&format!(" {path} ")).unwrap().1;
        let file: Vec<&str> = file.lines().skip(1).take_while(|line| line.starts_with(' ')).collect();
        let line = |mark: &str| format!("  {mark} {name} (");
        let told =
            |start: String| assert!(file.iter().any(|line| line.starts_with(&start)), "{start}\n{text}");
        let failed = || {
            told(line("✗"));
            let heading = format!(" > {name}\n");
            assert!(failures.match_indices(&heading).count() >= 1, "{name}\n{text}");
        };
        match outcome {
            Outcome::Passed => told(line("✓")),
            Outcome::Failed(_) | Outcome::Error(_) => failed(),
            Outcome::Skipped(reason) => told(format!("  - {name} (skipped: {reason})")),
            Outcome::Todo => told(format!("  - {name} (todo)")),
        }
    }
    assert_eq!(text.matches("\nFAIL ").count(), 20);
    assert!(text.contains("\n✗ apps/env/prod.ts prod (1 of 3 checks failed, 1 warning, 2ms)\n"));
    assert!(
        text.contains("\nWARN apps/env/prod.ts > Service prod/web\n  ! server-warning: $.spec.externalIPs: ")
    );
    assert!(text.contains("    out │ a passing case says this\n"));
    assert!(text.contains("\n✓ apps/filtered.test.ts (all 3 cases filtered out, <1ms)\n"));
}

#[test]
fn a_failing_run_reads_well() {
    let files = vec![model::web(), model::passing("apps/db.test.ts", &["has a volume", "has a secret"])];
    let text = shown(&model::run_of(files, None), false, Verbosity::Normal);
    assert_eq!(
        text,
        r#"warning: husako.toml:3:1: unknown key `timout`
  │   1 │ [test]
  │   2 │ filter = "a"
  │ > 3 │ timout = 5
  │     │ ^^^^^^
  help: did you mean `timeout`?

✗ apps/web.test.ts (1 of 2 cases failed, 15ms)
✓ apps/db.test.ts (2 cases, 2ms)

FAIL apps/web.test.ts:9:3 > deployment > has the replicas
  × expect(received).toEqual(expected)
  │
  │ - expected  + received
  │
  │   {
  │     "name": "web",
  │ -   "replicas": 3,
  │ +   "replicas": 2,
  │   }
  │
  │ apps/web.test.ts:12:24
  │   10 │   const web = deployment("web");
  │   11 │
  │ > 12 │   expect(spec(web, 2)).toEqual({ name: "web", replicas: 3 });
  │      │                        ^^^^^^^
  │   13 │ });
  │
  │ at check (apps/lib/checks.ts:4:10)
  │ at <anonymous> (apps/web.test.ts:12:24)

  × TypeError: cannot read property 'spec' of undefined
  │
  │ at <anonymous> (apps/web.test.ts:20:3)
  │
  │ caused by: Error: no such deployment
  │ caused by: RangeError: out of range
  │
  │ help: was the deployment deleted in an earlier case?

  out │ rendered 3 resources
  err │ deprecated: use apps/v1

Files 1 failed, 1 passed
Cases 1 failed, 3 passed
 Time 4.32s
"#
    );
}

#[test]
fn colour_adds_nothing_but_colour() {
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let plain = shown(&model::events(), false, verbosity);
        let coloured = shown(&model::events(), true, verbosity);
        assert_eq!(text::strip_ansi(&coloured), plain);
        assert!(coloured.len() > plain.len() && !plain.contains('\u{1b}'));
    }
}

#[test]
fn quiet_tells_failures_and_counts_only() {
    let text = shown(&model::events(), false, Verbosity::Quiet);
    assert!(text.starts_with("\nFAIL apps/broken.test.ts > (file)\n"), "{text}");
    assert!(text.ends_with(
        "\n\nFiles 4 failed, 1 passed, 1 not run\n\
         Cases 20 failed, 6 passed, 1 skipped, 1 todo, 5 filtered out\nNotes 1 warning\n Time 4.32s\n\
         \x20Seed 4711 (to repeat it: --seed 4711)\n\
         Stopped after the first failed file (--fail-fast): 1 file did not run.\n"
    ));
    let passed = model::run_of(vec![model::passing("a.test.ts", &["x"])], None);
    assert_eq!(shown(&passed, false, Verbosity::Quiet), "\nFiles 1 passed\nCases 1 passed\n Time 4.32s\n");
}

#[test]
fn many_failures_are_capped() {
    let mut file = model::web();
    let case = file.cases.remove(1);
    file.cases = vec![case; 53];
    let text = shown(&model::run_of(vec![file], None), false, Verbosity::Normal);
    assert_eq!(text.matches("\nFAIL ").count(), MAX_FAILURES);
    assert!(
        text.contains("\n\n… and 3 more failed cases; a JUnit or JSON report has them all\n\n"),
        "{text}"
    );
}

/// A file that says `text` wherever a file can say something.
fn saying(text: &str) -> FileResult {
    let mut file = model::web();
    file.path = RelPath::new(&format!("a/{text}b.test.ts")).unwrap();
    file.output = vec![OutputLine { stream: Stream::Err, text: text.to_owned() }];
    for case in &mut file.cases {
        case.name = text.to_owned();
        case.output = file.output.clone();
        for failure in &mut case.failures {
            failure.message = text.to_owned();
            failure.type_name = text.to_owned();
            failure.help = Some(text.to_owned());
            failure.causes = vec![text.to_owned()];
            failure.comparison =
                Some(Comparison { expected: text.to_owned(), received: format!("::\n{text}!") });
            failure.frames.iter_mut().for_each(|frame| frame.function = Some(text.to_owned()));
            if let Some(snippet) = &mut failure.snippet {
                snippet.lines.fill(text.to_owned());
            }
        }
    }
    file
}

#[test]
fn nothing_that_a_test_says_is_a_command() {
    for said in [
        "::error::x\n  ::set-output name=a::b\r\n##[error]z\r::add-mask::m",
        "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{202e}\u{1b}[\n\u{1b}::stop-commands::x",
        "#\u{1b}[0m#[group]\n\u{1b}[0m::group::x",
    ] {
        for color in [false, true] {
            let text = shown(&model::run_of(vec![saying(said)], None), color, Verbosity::Verbose);
            let plain = text::strip_ansi(&text);
            for line in plain.split('\n') {
                assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line}");
                assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }
}

struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_an_error() {
    let mut terminal = Terminal::new(Closed, false, Verbosity::Normal, None);
    let error = terminal.event(&model::events()[0]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}
