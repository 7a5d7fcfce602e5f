//! What is known between two runs: what each file asked for, what became of it, and which are to be run.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::config::CONFIG_FILE;
use crate::event::{FailureKind, FileKind, FileResult, FileStatus, SnapshotCounts};
use crate::runner::{Plan, Planned};
use crate::tree::RelPath;

/// What changed on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Files and folders that were written, made, moved or deleted, by their text: parts of paths are looked for here.
    paths: BTreeMap<String, RelPath>,
    /// Whether it is not known what else changed.
    pub(super) everything: bool,
}

impl Changed {
    /// That these changed, and nothing else did.
    pub(super) fn new(paths: impl IntoIterator<Item = RelPath>) -> Changed {
        let paths = paths.into_iter().map(|path| (path.as_str().to_owned(), path));
        Changed { paths: paths.collect(), everything: false }
    }

    /// That anything may have changed.
    pub(super) fn everything() -> Changed {
        Changed { everything: true, ..Changed::default() }
    }

    /// What changed, as far as it is known.
    pub(super) fn paths(&self) -> impl Iterator<Item = &RelPath> {
        self.paths.values()
    }

    /// Leaves out what is not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&RelPath) -> bool) {
        self.paths.retain(|_, path| keep(path));
    }

    /// Adds what else changed.
    pub(super) fn add(&mut self, other: Changed) {
        let Changed { paths, everything } = other;
        self.paths.extend(paths);
        self.everything |= everything;
    }

    /// Whether `path`, or a folder that it lies in, changed.
    pub(super) fn is_about(&self, path: &RelPath) -> bool {
        self.everything || self.covering(path).is_some()
    }

    /// Which path that changed is `path`, or a folder that it lies in.
    fn covering(&self, path: &RelPath) -> Option<&RelPath> {
        let mut part = path.as_str();
        loop {
            if let Some(changed) = self.paths.get(part) {
                return Some(changed);
            }
            part = part.rsplit_once('/')?.0;
        }
    }

    /// Whether nothing changed.
    pub(super) fn is_empty(&self) -> bool {
        !self.everything && self.paths.is_empty()
    }
}

/// What a change affects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// The files that are to be run because of it, new ones among them.
    pub(super) affected: BTreeSet<RelPath>,
    /// The files that there were, and are no more.
    pub(super) gone: Vec<RelPath>,
    /// Of what changed, what makes the difference.
    pub(super) causes: BTreeSet<RelPath>,
    /// Whether it concerns something that was read.
    pub(super) was_read: bool,
}

/// What is known between two runs.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) plan: Plan,
    /// What became of each file when it last ran.
    pub(super) results: BTreeMap<RelPath, Arc<FileResult>>,
    /// What decides what each file gives. Files that are gone stay here: what they read may still be compiled.
    asked: HashMap<RelPath, BTreeSet<RelPath>>,
    /// What is to be run.
    due: BTreeSet<RelPath>,
    /// Those of `due` that a change affects: they run first.
    urgent: BTreeSet<RelPath>,
    /// Those that a change has affected since the run began.
    again: BTreeSet<RelPath>,
}

impl State {
    /// Everything is to be run.
    pub(super) fn new(plan: Plan) -> State {
        let mut state = State { plan, ..State::default() };
        state.all_due();
        state
    }

    /// Everything is to be run.
    pub(super) fn all_due(&mut self) {
        self.due = self.plan.files.iter().map(|file| file.path.clone()).collect();
        self.again.clone_from(&self.due);
    }

    /// What failed last is to be run.
    pub(super) fn failed_due(&mut self) {
        let failed: Vec<RelPath> = self.failed().map(|file| file.path.clone()).collect();
        self.again.extend(failed.iter().cloned());
        self.urgent.extend(failed.iter().cloned());
        self.due.extend(failed);
    }

    /// The files that failed when they last ran.
    pub(super) fn failed(&self) -> impl Iterator<Item = &Arc<FileResult>> {
        self.results.values().filter(|file| match file.status {
            FileStatus::Failed => true,
            FileStatus::Passed | FileStatus::NotRun => false,
        })
    }

    /// What is to be run, what a change affects first. A run of it begins now.
    pub(super) fn begin(&mut self) -> Vec<Planned> {
        self.again.clear();
        let due = self.plan.files.iter().filter(|file| self.due.contains(&file.path));
        let (mut files, rest): (Vec<Planned>, Vec<Planned>) =
            due.cloned().partition(|file| self.urgent.contains(&file.path));
        files.extend(rest);
        files
    }

    /// How many files are to be run.
    pub(super) fn count_due(&self) -> usize {
        self.due.len()
    }

    /// Takes what became of a file, and what it asked for. One that was interrupted, or has been affected since the run
    /// began, is still to be run.
    pub(super) fn finish(&mut self, file: &Arc<FileResult>, asked: BTreeSet<RelPath>) {
        let path = &file.path;
        if was_stopped(file) {
            return self.asks(path, asked);
        }
        self.asked.insert(path.clone(), asked);
        self.asks(path, stored_snapshots(file.path.clone(), &file.kind));
        // One that is gone by now has no result.
        if self.due.contains(path) {
            self.results.insert(path.clone(), Arc::clone(file));
        }
        if !self.again.contains(path) {
            self.due.remove(path);
            self.urgent.remove(path);
        }
    }

    /// Adds to what a file asked for.
    pub(super) fn asks(&mut self, path: &RelPath, asked: impl IntoIterator<Item = RelPath>) {
        self.asked.entry(path.clone()).or_default().extend(asked);
    }

    /// What a file asked for.
    pub(super) fn asked_by(&self, file: &RelPath) -> impl Iterator<Item = &RelPath> {
        self.asked.get(file).into_iter().flatten()
    }

    /// Every path that anything was asked for at.
    pub(super) fn asked(&self) -> impl Iterator<Item = &RelPath> {
        self.asked.values().flatten()
    }

    /// Takes the plan that holds after a change, and says what that affects.
    pub(super) fn adopt(&mut self, plan: Plan, changed: &Changed) -> Effect {
        let known: HashMap<&RelPath, &Planned> =
            self.plan.files.iter().map(|file| (&file.path, file)).collect();
        let mut causes = BTreeSet::new();
        let mut asking: HashSet<&RelPath> = HashSet::new();
        for (file, asked) in &self.asked {
            let mut covering = asked.iter().filter_map(|path| changed.covering(path)).peekable();
            if changed.everything || covering.peek().is_some() {
                asking.insert(file);
            }
            causes.extend(covering.cloned());
        }
        let is_affected = |file: &Planned| {
            known.get(&file.path).is_none_or(|known| !file.is_like(known))
                || changed.is_about(&file.project.root.child(CONFIG_FILE))
                || changed.is_about(&file.path)
                || asking.contains(&file.path)
        };
        let affected: BTreeSet<RelPath> =
            plan.files.iter().filter(|file| is_affected(file)).map(|file| file.path.clone()).collect();
        let now: BTreeSet<&RelPath> = plan.files.iter().map(|file| &file.path).collect();
        let gone: Vec<RelPath> =
            known.keys().filter(|path| !now.contains(*path)).map(|path| (*path).clone()).collect();
        for path in &gone {
            self.results.remove(path);
            self.due.remove(path);
            self.urgent.remove(path);
        }
        let was_read = !asking.is_empty();
        causes.extend(affected.iter().chain(&gone).filter_map(|path| changed.covering(path)).cloned());
        causes.extend(
            plan.inputs().chain(self.plan.inputs()).filter_map(|path| changed.covering(&path).cloned()),
        );
        self.plan = plan;
        for set in [&mut self.due, &mut self.urgent, &mut self.again] {
            set.extend(affected.iter().cloned());
        }
        Effect { affected, gone, causes, was_read }
    }
}

/// Whether a file did not come to its end because the run was to end.
fn was_stopped(file: &FileResult) -> bool {
    let interrupted = || {
        file.cases
            .iter()
            .flat_map(|case| &case.failures)
            .any(|failure| failure.kind == FailureKind::Interrupted)
    };
    match file.status {
        FileStatus::NotRun => true,
        FileStatus::Failed => interrupted(),
        FileStatus::Passed => false,
    }
}

/// Where the snapshots of a file are stored.
pub(super) fn stored_snapshots(path: RelPath, kind: &FileKind) -> Option<RelPath> {
    match kind {
        FileKind::Tests => {
            Some(path.parent().child("__snapshots__").child(&format!("{}.snap", path.file_name())))
        }
        FileKind::Entry { .. } | FileKind::Types => None,
    }
}

/// Whether a run wrote snapshots, into a file of their own or into the test.
pub(super) fn wrote_snapshots(counts: SnapshotCounts) -> bool {
    let SnapshotCounts { matched: _, unmatched: _, written, updated, obsolete: _, removed } = counts;
    written + updated + removed > 0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::discover::{Request, discover};
    use crate::engine::ImportRules;
    use crate::event::{CaseResult, CaseStatus, Reads};
    use crate::fetch::Resolved;
    use crate::runner::{plan, plan_beside};
    use crate::tree::MemoryTree;

    fn rel(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    fn planned(files: &[(&str, &str)], other: Option<&Plan>) -> Plan {
        let tree = MemoryTree::new(files.iter().copied());
        let found = discover(&tree, &Request::default(), &|_, _| Vec::new());
        let tree = Resolved::local(Arc::new(tree));
        match other {
            Some(other) => plan_beside(&tree, &found, ImportRules::default(), Some(other)),
            None => plan(&tree, &found, ImportRules::default()),
        }
    }

    fn result(path: &str, status: FileStatus, kind: Option<FailureKind>) -> Arc<FileResult> {
        let failures: Vec<_> = kind.map(|kind| crate::engine::plain(kind, "it failed")).into_iter().collect();
        let case = CaseResult {
            name: "case".to_owned(),
            place: None,
            status: CaseStatus::of(&failures),
            duration: Duration::ZERO,
            attempts: Vec::new(),
            failures,
            warnings: Vec::new(),
            output: Vec::new(),
        };
        Arc::new(FileResult {
            path: rel(path),
            kind: FileKind::Tests,
            project: RelPath::default(),
            status,
            started: None,
            duration: Duration::ZERO,
            cases: vec![case],
            output: Vec::new(),
            filtered_out: 0,
            reads: Reads::default(),
            is_cached: false,
            snapshots: SnapshotCounts::default(),
            obsolete_snapshots: Vec::new(),
            documents: None,
        })
    }

    fn passed(path: &str) -> Arc<FileResult> {
        result(path, FileStatus::Passed, None)
    }

    fn asked(paths: &[&str]) -> BTreeSet<RelPath> {
        paths.iter().map(|path| rel(path)).collect()
    }

    fn begun(state: &mut State) -> Vec<String> {
        state.begin().iter().map(|file| file.path.to_string()).collect()
    }

    const FILES: [(&str, &str); 3] = [("a.test.ts", ""), ("b/b.test.ts", ""), ("c/c.test.ts", "")];

    #[test]
    fn a_change_concerns_what_lies_below_it() {
        let changed = Changed::new([rel("lib"), rel("a.ts")]);
        for (path, expected) in
            [("lib", true), ("lib/x/y.ts", true), ("library/x.ts", false), ("a.ts", true), ("b.ts", false)]
        {
            assert_eq!(changed.is_about(&rel(path)), expected, "{path}");
        }
        assert!(Changed::everything().is_about(&rel("b.ts")));
        assert!(Changed::default().is_empty() && !changed.is_empty() && !Changed::everything().is_empty());
    }

    #[test]
    fn what_asked_for_a_path_is_affected_and_runs_first() {
        let mut state = State::new(planned(&FILES, None));
        assert_eq!(begun(&mut state), ["a.test.ts", "b/b.test.ts", "c/c.test.ts"]);
        state.finish(&passed("a.test.ts"), asked(&["a.test.ts", "lib.ts"]));
        state.finish(&passed("b/b.test.ts"), asked(&["b/b.test.ts", "lib.ts", "none.ts"]));
        // The third has not run when something changes.
        let plan = planned(&FILES, Some(&state.plan));
        let effect = state.adopt(plan, &Changed::new([rel("none.ts"), rel("other.ts")]));
        assert_eq!(effect.affected, asked(&["b/b.test.ts"]));
        assert_eq!((effect.causes, effect.was_read), (asked(&["none.ts"]), true));
        assert_eq!(begun(&mut state), ["b/b.test.ts", "c/c.test.ts"]);
        let plan = planned(&FILES, Some(&state.plan));
        let effect = state.adopt(plan, &Changed::new([rel("b/__snapshots__/b.test.ts.snap")]));
        assert_eq!(effect.affected, asked(&["b/b.test.ts"]));
        let plan = planned(&FILES, Some(&state.plan));
        let effect = state.adopt(plan, &Changed::new([rel("unknown.ts")]));
        assert_eq!(effect, Effect::default());
    }

    #[test]
    fn what_was_stopped_or_affected_meanwhile_is_still_due() {
        let mut state = State::new(planned(&FILES, None));
        state.begin();
        let plan = planned(&FILES, Some(&state.plan));
        state.adopt(plan, &Changed::new([rel("a.test.ts")]));
        state.finish(&passed("a.test.ts"), asked(&[]));
        state.finish(&result("b/b.test.ts", FileStatus::Failed, Some(FailureKind::Interrupted)), asked(&[]));
        state.finish(&result("c/c.test.ts", FileStatus::Failed, Some(FailureKind::Thrown)), asked(&[]));
        assert_eq!(begun(&mut state), ["a.test.ts", "b/b.test.ts"]);
        assert_eq!(state.failed().count(), 1);
        state.finish(&passed("a.test.ts"), asked(&[]));
        state.finish(&result("b/b.test.ts", FileStatus::NotRun, None), asked(&[]));
        assert_eq!(begun(&mut state), ["b/b.test.ts"]);
        state.failed_due();
        assert_eq!(begun(&mut state), ["c/c.test.ts", "b/b.test.ts"]);
    }

    #[test]
    fn files_come_and_go_and_projects_change() {
        let mut state = State::new(planned(&FILES, None));
        state.begin();
        for path in ["a.test.ts", "b/b.test.ts", "c/c.test.ts"] {
            state.finish(&result(path, FileStatus::Failed, Some(FailureKind::Thrown)), asked(&[path]));
        }
        let mut files = vec![FILES[0], FILES[1], ("d.test.ts", "")];
        let plan = planned(&files, Some(&state.plan));
        let effect = state.adopt(plan, &Changed::new([rel("c"), rel("d.test.ts")]));
        assert_eq!((effect.affected, effect.gone), (asked(&["d.test.ts"]), vec![rel("c/c.test.ts")]));
        assert_eq!(state.failed().count(), 2);
        assert_eq!(begun(&mut state), ["d.test.ts"]);
        state.finish(&passed("d.test.ts"), asked(&["d.test.ts"]));
        // A file that has a project of its own from now on.
        files.push(("b/husako.toml", "[resources]\nk8s = { source = 'release', version = '1.30' }\n"));
        let plan = planned(&files, Some(&state.plan));
        let effect = state.adopt(plan, &Changed::new([rel("b/husako.toml")]));
        assert_eq!(effect.affected, asked(&["b/b.test.ts"]));
        // What says nothing new of a project concerns it all the same: whoever saves it wants to see it run.
        let plan = planned(&files, Some(&state.plan));
        let effect = state.adopt(plan, &Changed::new([rel("b/husako.toml")]));
        assert_eq!(effect.affected, asked(&["b/b.test.ts"]));
    }
}
