//! What is known of a file while it runs: plain data that outlives the engine.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use super::Order;
use super::modules::is_internal;
use super::random::shuffled;
use crate::diagnostic::Place;
use crate::event::{Attempt, CaseStatus, Failure, OutputLine, Stream};

/// The number of a suite; 0 is the file itself.
pub(crate) type SuiteId = usize;

/// How a suite or a case takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Run,
    Only,
    Skip,
    Todo,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookKind {
    BeforeAll,
    BeforeEach,
    AfterEach,
    AfterAll,
}

impl HookKind {
    /// Its name in test files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            HookKind::BeforeAll => "beforeAll",
            HookKind::BeforeEach => "beforeEach",
            HookKind::AfterEach => "afterEach",
            HookKind::AfterAll => "afterAll",
        }
    }
}

/// A function of the user's, by its number in the SDK, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Callback {
    pub(crate) number: i32,
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) kind: HookKind,
    pub(crate) callback: Callback,
    pub(crate) place: Option<RawPlace>,
}

/// What is called at the end of one run of a case, because something in that run asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LateKind {
    /// What a `beforeAll` or `beforeEach` hook returned.
    Teardown,
    /// `onTestFinished`
    Finished,
    /// `onTestFailed`
    Failed,
}

impl LateKind {
    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            LateKind::Teardown => "the function that a hook returned",
            LateKind::Finished => "onTestFinished",
            LateKind::Failed => "onTestFailed",
        }
    }
}

/// How often a case runs, and what counts as passing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Again {
    /// How often it is run again while it fails; `None`: as often as the run says.
    pub(crate) retry: Option<u32>,
    /// How often it is run again while it passes.
    pub(crate) repeats: u32,
    /// It passes when its body fails.
    pub(crate) fails: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Suite {
    /// The suite around it; its own number for the file.
    pub(crate) parent: SuiteId,
    /// Its full name.
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) hooks: Vec<Hook>,
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) suite: SuiteId,
    /// The full name; unique within the file once the file is read.
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) callback: Callback,
    pub(crate) again: Again,
    /// The call of `test()`.
    pub(crate) place: Option<RawPlace>,
}

/// A place in the engine's terms: the name of a module, and a position in its compiled code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawPlace {
    pub(crate) module: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl RawPlace {
    /// The first place of a raw stack that lies in a module of the user's.
    pub(crate) fn first(stack: &str) -> Option<RawPlace> {
        stack.lines().find_map(|line| RawPlace::frame(line).map(|(_, place)| place))
    }

    /// One line of a raw stack, if it is of the user's: `at name (module:line:column)` or `at module:line:column`.
    /// Returns the name of the function too; empty where it has none.
    pub(crate) fn frame(line: &str) -> Option<(&str, RawPlace)> {
        let line = line.trim().strip_prefix("at ")?;
        let (function, location) = match line.strip_suffix(')').and_then(|line| line.split_once(" (")) {
            Some((function, location)) => (function, location),
            None => ("", line),
        };
        let mut parts = location.rsplitn(3, ':');
        let column = parts.next()?.parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        // Modules without debug information are `<null>`.
        let module = parts.next().filter(|module| !is_internal(module) && *module != "<null>")?.to_owned();
        Some((function, RawPlace { module, line, column }))
    }
}

/// How long a full name may be, in characters.
pub(crate) const MAX_NAME: usize = 1000;

/// `text`, cut after `max` characters.
pub(crate) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What became of a case, before it is joined with what is known of it from the start.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: CaseStatus,
    pub(crate) duration: Duration,
    pub(crate) failures: Vec<Failure>,
    /// The runs before the last.
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) output: Vec<OutputLine>,
}

impl Finished {
    /// Of a case that did not run.
    pub(crate) fn without_running(status: CaseStatus) -> Finished {
        let duration = Duration::ZERO;
        Finished { status, duration, failures: Vec::new(), attempts: Vec::new(), output: Vec::new() }
    }
}

/// Everything known of a file so far.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) suites: Vec<Suite>,
    pub(crate) cases: Vec<Case>,
    /// By case; `None` while it has not finished.
    pub(crate) finished: Vec<Option<Finished>>,
    /// The case that runs now, and since when.
    pub(crate) current: Option<(usize, Instant)>,
    /// The runs of the current case that are over.
    pub(crate) attempts: Vec<Attempt>,
    /// Whether something went wrong in the run of a case that goes on now.
    pub(crate) failing: bool,
    /// Why the current case said that it is to be skipped.
    pub(crate) skip: Option<String>,
    /// What is to be called when the current hook or run of a case is over; the last one first.
    pub(crate) late: Vec<(LateKind, Hook)>,
    /// What the current case printed and left behind.
    pub(crate) output: Vec<OutputLine>,
    /// What was printed outside any case.
    pub(crate) file_output: Vec<OutputLine>,
    /// Failures that belong to no case of the file, with a name for the case that tells them.
    pub(crate) extra: Vec<(String, Option<Place>, Failure)>,
    /// Cases that `--filter` leaves out.
    pub(crate) filtered_out: Vec<usize>,
    /// The names of cases as the test gives them, where another case had the same before them.
    given: BTreeMap<usize, String>,
    /// How much may still be printed, in bytes.
    output_left: usize,
    /// The file was given up: what its thread still says is not heard.
    pub(crate) sealed: bool,
}

/// How much a file may print, in bytes. More is counted, and told.
const MAX_OUTPUT: usize = 8 << 20;

impl Progress {
    pub(crate) fn new() -> Progress {
        let file = Suite { parent: 0, name: String::new(), mode: Mode::Run, hooks: Vec::new() };
        Progress {
            suites: vec![file],
            cases: Vec::new(),
            finished: Vec::new(),
            current: None,
            attempts: Vec::new(),
            failing: false,
            skip: None,
            late: Vec::new(),
            output: Vec::new(),
            file_output: Vec::new(),
            extra: Vec::new(),
            filtered_out: Vec::new(),
            given: BTreeMap::new(),
            output_left: MAX_OUTPUT,
            sealed: false,
        }
    }

    /// The suites from the file to `suite`, outermost first.
    pub(crate) fn path(&self, suite: SuiteId) -> Vec<SuiteId> {
        let mut path = vec![suite];
        let mut at = suite;
        while at != 0 {
            at = self.suites[at].parent;
            path.push(at);
        }
        path.reverse();
        path
    }

    /// The titles around `suite` and its own, joined as in reports.
    pub(crate) fn full_name(&self, suite: SuiteId, title: &str) -> String {
        let around = &self.suites[suite].name;
        if around.is_empty() { cut(title, MAX_NAME) } else { cut(&format!("{around} > {title}"), MAX_NAME) }
    }

    /// Records one call of `console.*`.
    pub(crate) fn print(&mut self, stream: Stream, text: String) {
        let output = if self.current.is_some() { &mut self.output } else { &mut self.file_output };
        if self.output_left == 0 {
            return;
        }
        // An empty line costs something as well.
        let size = text.len() + 16;
        if size > self.output_left {
            self.output_left = 0;
            let notice =
                format!("[the file printed more than {} MiB: the rest was dropped]", MAX_OUTPUT >> 20);
            output.push(OutputLine { stream: Stream::Err, text: notice });
        } else {
            self.output_left -= size;
            output.push(OutputLine { stream, text });
        }
    }

    /// The full name of a case as the test gives it: others may have the same.
    pub(crate) fn given_name(&self, case: usize) -> &str {
        self.given.get(&case).unwrap_or(&self.cases[case].name)
    }

    /// Gives every case a name of its own.
    pub(crate) fn make_names_unique(&mut self) {
        let mut seen = std::collections::HashMap::new();
        let taken: HashSet<String> = self.cases.iter().map(|case| case.name.clone()).collect();
        for (number, case) in self.cases.iter_mut().enumerate() {
            let count: &mut usize = seen.entry(case.name.clone()).or_default();
            *count += 1;
            if *count > 1 {
                while taken.contains(&format!("{} ({count})", case.name)) {
                    *count += 1;
                }
                let unique = format!("{} ({count})", case.name);
                self.given.insert(number, std::mem::replace(&mut case.name, unique));
            }
        }
    }
}

/// Which of the cases run, and why the others do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    Run,
    Skip(&'static str),
    Todo,
    FilteredOut,
}

/// Decides for every case whether it runs. `wanted` is `--filter` on full names.
pub(crate) fn decide(progress: &Progress, wanted: impl Fn(&str) -> bool) -> Vec<Decision> {
    let only_below = |suite: SuiteId| {
        progress.cases.iter().any(|c| c.mode == Mode::Only && progress.path(c.suite).contains(&suite))
            || (1..progress.suites.len()).any(|s| {
                s != suite && progress.suites[s].mode == Mode::Only && progress.path(s).contains(&suite)
            })
    };
    let any_only = progress.cases.iter().any(|case| case.mode == Mode::Only)
        || progress.suites.iter().any(|suite| suite.mode == Mode::Only);
    // A suite marked `only` stands for all its cases, unless some inside it are marked themselves.
    let whole: Vec<bool> = (0..progress.suites.len())
        .map(|s| any_only && progress.suites[s].mode == Mode::Only && !only_below(s))
        .collect();

    // Cases that have the same name in the test go together: their snapshots are counted by it.
    let names = |case: usize| (progress.cases[case].suite, progress.given_name(case));
    let wanted: HashSet<(SuiteId, &str)> =
        (0..progress.cases.len()).filter(|case| wanted(&progress.cases[*case].name)).map(names).collect();

    progress
        .cases
        .iter()
        .enumerate()
        .map(|(number, case)| {
            let path = progress.path(case.suite);
            if !wanted.contains(&names(number)) {
                Decision::FilteredOut
            } else if case.mode == Mode::Todo || path.iter().any(|s| progress.suites[*s].mode == Mode::Todo) {
                Decision::Todo
            } else if case.mode == Mode::Skip {
                Decision::Skip("test.skip")
            } else if path.iter().any(|s| progress.suites[*s].mode == Mode::Skip) {
                Decision::Skip("describe.skip")
            } else if any_only && case.mode != Mode::Only && !path.iter().any(|s| whole[*s]) {
                Decision::Skip("other cases of the file are marked .only")
            } else {
                Decision::Run
            }
        })
        .collect()
}

impl Progress {
    /// Puts cases, which are in the order of the file, into another. Those of a suite stay together, so that its `beforeAll`
    /// runs once.
    pub(crate) fn ordered(&self, cases: Vec<usize>, order: Order) -> Vec<usize> {
        let mut cases = match order {
            Order::Written => return cases,
            Order::Reversed => cases.into_iter().rev().collect(),
            Order::Shuffled(seed) => self.shuffled_in(0, 0, cases, seed),
        };
        // Cases of one name in one suite stay as they are written among themselves: their snapshots are told apart by a number.
        let mut places: BTreeMap<(SuiteId, &str), Vec<usize>> = BTreeMap::new();
        for (place, case) in cases.iter().enumerate() {
            places.entry((self.cases[*case].suite, self.given_name(*case))).or_default().push(place);
        }
        for places in places.into_values().filter(|places| places.len() > 1) {
            let mut same: Vec<usize> = places.iter().map(|place| cases[*place]).collect();
            same.sort_unstable();
            places.into_iter().zip(same).for_each(|(place, case)| cases[place] = case);
        }
        cases
    }

    fn shuffled_in(&self, suite: SuiteId, depth: usize, cases: Vec<usize>, seed: u64) -> Vec<usize> {
        // What lies directly in the suite: a case, or a suite with all of its cases.
        let mut children: Vec<(Option<SuiteId>, Vec<usize>)> = Vec::new();
        for case in cases {
            let child = self.path(self.cases[case].suite).get(depth + 1).copied();
            match children.iter_mut().find(|(known, _)| child.is_some() && *known == child) {
                Some((_, cases)) => cases.push(case),
                None => children.push((child, vec![case])),
            }
        }
        let children = shuffled(children, seed.wrapping_add(suite as u64));
        let in_order = children.into_iter().flat_map(|(child, cases)| match child {
            Some(child) => self.shuffled_in(child, depth + 1, cases, seed),
            None => cases,
        });
        in_order.collect()
    }
}
