//! `--watch`: everything is run, and then again what a change affects.

mod files;
mod keys;
mod state;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::files::Files;
use self::keys::{Key, Keys, Terminal};
use self::state::{Changed, Effect, State, stored_snapshots, wrote_snapshots};
use super::exit::Exit;
use super::list::{NOTHING_FOUND, find};
use super::run::{self, Failures, Work};
use super::settings::{Selection, Settings};
use super::sources::{self, Side};
use super::tell;
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::{self, Modules};
use crate::event::{Counts, Event, FileResult, RunFinished, RunStarted};
use crate::report::Sinks;
use crate::report::text::{Look, Tint, plural};
use crate::runner::{self, Plan, RunOptions, Urgency, plan_beside};
use crate::tree::{RelPath, SourceTree, folders, is_never_entered};

/// How long nothing must change until what changed is looked at: editors and git change several files at once.
const QUIET: Duration = Duration::from_millis(30);
/// How long changes are waited for at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many names a line has at most.
const MAX_NAMES: usize = 3;
/// How many files are run at most for each of them to get a line at once, also on a terminal.
const MAX_LINES: usize = 10;

/// Runs `work`, then what each change affects, until somebody ends it.
///
/// # Errors
///
/// The system does not watch, or starts no threads. Nothing ran.
pub(super) fn run(settings: &Settings, selection: &Selection, work: Work) -> Result<Exit, Vec<Diagnostic>> {
    let mut sinks = Sinks::default();
    if let Err(error) = run::open_reports(settings, &mut sinks) {
        tell(&[error], settings.color_errors);
        return Ok(Exit::ReportNotWritten);
    }
    drop(sinks);
    let runtime =
        engine::runtime().map_err(|error| vec![Diagnostic::error(format!("starting threads: {error}"))])?;
    let exit = runtime.block_on(Watch::run(settings, selection, work));
    // Threads that were let go of would be waited for otherwise.
    runtime.shutdown_background();
    exit
}

/// Something that happens while we wait.
enum Wake {
    Changed(Changed),
    Key(Key),
    /// Ctrl-C, or the system asks the process to end.
    End,
}

/// All that we wait for.
struct Inbox {
    changes: mpsc::UnboundedReceiver<Changed>,
    keys: mpsc::UnboundedReceiver<Key>,
    ends: mpsc::UnboundedReceiver<()>,
    pending: Changed,
    /// When the first and the last of the pending changes came.
    since: Option<(Instant, Instant)>,
}

impl Inbox {
    /// The next thing that happens. Nothing is lost when it is not waited for to the end.
    async fn next(&mut self) -> Wake {
        loop {
            let Inbox { changes, keys, ends, pending, since } = self;
            let ripe = since.map(|(first, last)| (last + QUIET).min(first + PATIENCE));
            tokio::select! {
                biased;
                Some(()) = ends.recv() => return Wake::End,
                Some(key) = keys.recv() => return Wake::Key(key),
                () = tokio::time::sleep_until(ripe.unwrap_or_else(Instant::now)), if ripe.is_some() => {
                    *since = None;
                    return Wake::Changed(std::mem::take(pending));
                }
                Some(changed) = changes.recv() => {
                    pending.add(changed);
                    let now = Instant::now();
                    *since = Some((since.map_or(now, |(first, _)| first), now));
                }
            }
        }
    }
}

struct Watch<'s> {
    settings: &'s Settings,
    selection: &'s Selection,
    /// How files are run; which ones is said for each run.
    options: RunOptions,
    modules: Arc<Modules>,
    state: State,
    files: Files,
    inbox: Inbox,
    /// What was said of the plan, so that it is not said again and again.
    told: HashSet<String>,
    /// What the projects' locks say: with another one, something else was fetched.
    locks: BTreeMap<RelPath, String>,
    /// Whether keys may be pressed.
    has_keys: bool,
    /// Whether nobody reads any more what is printed.
    is_closed: bool,
    exit: Exit,
}

/// What became of a change.
enum Taken {
    /// It is none.
    Nothing,
    /// Nothing can be planned because of it, and that was told. It is looked at again with the next.
    Unusable,
    /// It counts.
    Effect(Changed, Effect),
}

/// What the end of a run, or of waiting, leads to.
enum Next {
    /// What is due is run.
    Run,
    /// Something must happen first.
    Wait,
    End,
}

impl<'s> Watch<'s> {
    async fn run(
        settings: &'s Settings,
        selection: &'s Selection,
        mut work: Work,
    ) -> Result<Exit, Vec<Diagnostic>> {
        let own = [&settings.junit, &settings.json].into_iter().flatten();
        let own = own.filter_map(|path| settings.tree.relative(&std::path::absolute(path).ok()?));
        let (mut files, changes) =
            Files::new(Arc::clone(&settings.tree), own.collect()).map_err(|error| vec![error])?;
        files.watch_all(folders(&*settings.tree)).map_err(|error| vec![error])?;
        let keys = Keys::read();
        let (ended, ends) = mpsc::unbounded_channel();
        tokio::spawn(listen(ended, Arc::clone(&keys.terminal)));
        let inbox = Inbox { changes, keys: keys.received, ends, pending: Changed::default(), since: None };
        let state = State::new(std::mem::take(&mut work.plan));
        let told = work.warnings.iter().map(ToString::to_string).collect();
        let modules = work.modules.after(|_| false).that_remember();
        let locks = std::mem::take(&mut work.locks);
        let (options, ..) = run::options(settings, work);
        let mut watch = Watch {
            settings,
            selection,
            options,
            modules: Arc::new(modules),
            state,
            files,
            inbox,
            told,
            locks,
            has_keys: keys.are_pressed,
            is_closed: false,
            exit: Exit::Passed,
        };
        let stayed = watch.stay().await;
        keys.terminal.restore();
        stayed?;
        Ok(watch.exit.or(watch.verdict()))
    }

    /// Runs and waits until the end.
    async fn stay(&mut self) -> Result<(), Vec<Diagnostic>> {
        if self.state.count_due() == 0 {
            tell(&[Diagnostic::warning(NOTHING_FOUND)], self.settings.color_errors);
        }
        let mut next = Next::Run;
        loop {
            next = match next {
                Next::Run if self.state.count_due() > 0 => self.run_due().await?,
                Next::Run | Next::Wait => {
                    self.say_waiting();
                    if self.is_closed { Next::End } else { self.wait().await? }
                }
                Next::End => return Ok(()),
            };
        }
    }

    /// Waits until there is something to run.
    async fn wait(&mut self) -> Result<Next, Vec<Diagnostic>> {
        loop {
            match self.inbox.next().await {
                Wake::End => {
                    self.exit = self.exit.or(Exit::Interrupted);
                    return Ok(Next::End);
                }
                Wake::Key(Key::Quit) => return Ok(Next::End),
                Wake::Key(Key::All) => {
                    self.state.all_due();
                    self.clear();
                    return Ok(Next::Run);
                }
                Wake::Key(Key::Failed) => {
                    if self.state.failed().next().is_none() {
                        self.say(&["nothing failed".to_owned()]);
                        continue;
                    }
                    self.state.failed_due();
                    self.clear();
                    return Ok(Next::Run);
                }
                Wake::Changed(changed) => {
                    let (changed, effect) = match self.take(changed)? {
                        Taken::Effect(changed, effect) => (changed, effect),
                        Taken::Nothing => continue,
                        Taken::Unusable => return Ok(Next::Wait),
                    };
                    if effect.affected.is_empty() && effect.gone.is_empty() {
                        continue;
                    }
                    self.clear();
                    self.say_changed(&changed, &effect);
                    if effect.affected.is_empty() {
                        self.write_reports(None);
                    }
                    return Ok(Next::Run);
                }
            }
        }
    }

    /// Runs what is due.
    async fn run_due(&mut self) -> Result<Next, Vec<Diagnostic>> {
        let files = self.state.begin();
        let paths: BTreeSet<RelPath> = files.iter().map(|file| file.path.clone()).collect();
        let warnings = std::mem::take(&mut self.options.warnings);
        let modules = Arc::clone(&self.modules);
        let options = RunOptions { files, modules: Arc::clone(&modules), warnings, ..self.options.clone() };
        let (events, mut received) = mpsc::unbounded_channel();
        let (ask, urgency) = watch::channel(Urgency::None);
        let mut sinks = Some(self.terminal(paths.len()));
        let running = tokio::spawn(runner::run(options, events, urgency));
        let mut started = None;
        let mut finished = None;
        let mut next = None;
        // What changed, and made the run end early.
        let mut changes: Vec<(Changed, Effect)> = Vec::new();
        loop {
            tokio::select! {
                biased;
                event = received.recv() => {
                    let Some(event) = event else { break };
                    match &event {
                        Event::RunStarted(start) => started = Some(start.clone()),
                        Event::FileFinished(file) => self.finish(file, &modules),
                        Event::RunFinished(end) => finished = Some(end.clone()),
                        Event::FileStarted { .. }
                        | Event::CasesFinished { .. }
                        | Event::CoverageFinished(_)
                        | Event::DiffFinished(_) => {}
                    }
                    if let Some(sinks) = &mut sinks {
                        sinks.event(&event);
                    }
                    if finished.is_some() {
                        break;
                    }
                }
                wake = self.inbox.next() => match wake {
                    Wake::End => {
                        self.exit = self.exit.or(Exit::Interrupted);
                        next = Some(Next::End);
                        let _ = ask.send(Urgency::Now);
                    }
                    Wake::Key(Key::Quit) => {
                        next = Some(Next::End);
                        let _ = ask.send(Urgency::Now);
                    }
                    Wake::Key(Key::All) => {
                        self.state.all_due();
                        next.get_or_insert(Next::Run);
                        sinks = None;
                        let _ = ask.send(Urgency::Now);
                    }
                    // What fails is not known yet.
                    Wake::Key(Key::Failed) => {}
                    Wake::Changed(changed) => {
                        for path in &paths {
                            self.state.asks(path, modules.asked_by(path));
                        }
                        let Taken::Effect(changed, effect) = self.take(changed)? else { continue };
                        if effect.was_read || !effect.affected.is_empty() {
                            next.get_or_insert(Next::Run);
                            // What is told from now on is of files as they were.
                            sinks = None;
                            let _ = ask.send(Urgency::Now);
                        }
                        changes.push((changed, effect));
                    }
                },
            }
        }
        // What went wrong inside was printed when it did.
        if running.await.is_err() {
            self.exit = self.exit.or(Exit::Failed);
        }
        if let Some(snapshots) = modules.snapshots() {
            let (written, errors) = snapshots.write();
            written.into_iter().for_each(|path| self.files.wrote(path));
            if !errors.is_empty() {
                tell(&errors, self.settings.color_errors);
                self.exit = self.exit.or(Exit::ReportNotWritten);
            }
        }
        self.watch_asked(Some(&paths))?;
        let Some(sinks) = sinks else {
            self.clear();
            for (changed, effect) in &changes {
                self.say_changed(changed, effect);
            }
            return Ok(next.unwrap_or(Next::Run));
        };
        self.tell_failed(sinks);
        if let (Some(started), Some(finished)) = (started, finished) {
            let nothing_matches = self.selection.filter.is_some() && is_empty(&finished.counts);
            if nothing_matches {
                tell(&[Diagnostic::warning("no case matches --filter")], self.settings.color_errors);
            }
            self.write_reports(Some((started, finished)));
        }
        // After --fail-fast, what has not run waits for the next change.
        Ok(next.unwrap_or(if changes.is_empty() { Next::Wait } else { Next::Run }))
    }

    /// Takes what became of a file that ran with `modules`.
    fn finish(&mut self, file: &Arc<FileResult>, modules: &Modules) {
        self.state.finish(file, modules.asked_by(&file.path));
        if wrote_snapshots(file.snapshots) {
            let stored = stored_snapshots(file.path.clone(), &file.kind);
            let folder = stored.as_ref().map(RelPath::parent);
            for path in [Some(file.path.clone()), stored, folder].into_iter().flatten() {
                self.files.wrote(path);
            }
        }
    }

    /// Takes a change: plans anew, and says what that affects.
    fn take(&mut self, changed: Changed) -> Result<Taken, Vec<Diagnostic>> {
        let changed = self.files.without_own(changed);
        let matters = |path: &RelPath| {
            let is_seen = path.file_name() == ".gitignore" || !path.parts().any(is_never_entered);
            is_seen
                || self.state.asked().any(|asked| asked.starts_with(path))
                || self.state.plan.inputs().any(|input| input.starts_with(path) || path.starts_with(&input))
        };
        if changed.is_empty() || !changed.everything && !changed.paths().any(matters) {
            return Ok(Taken::Nothing);
        }
        self.files.forget(&changed);
        let is_folder = |path: &RelPath| path.file_name() == ".gitignore" || self.files.is_folder(path);
        if changed.everything || changed.paths().any(is_folder) {
            self.files.watch_all(folders(&*self.settings.tree)).map_err(|error| vec![error])?;
            self.watch_asked(None)?;
        }
        let plan = match self.plan() {
            Ok(plan) => plan,
            Err(errors) => {
                // It is part of what changes next.
                self.inbox.pending.add(changed);
                let texts: HashSet<String> = errors.iter().map(ToString::to_string).collect();
                if texts == self.told {
                    return Ok(Taken::Nothing);
                }
                self.told = texts;
                self.clear();
                tell(&errors, self.settings.color_errors);
                return Ok(Taken::Unusable);
            }
        };
        let effect = self.state.adopt(plan, &changed);
        // What runs still loads from those before.
        self.modules = Arc::new(self.modules.after(|path| changed.is_about(path)));
        self.watch_asked(Some(&effect.affected))?;
        Ok(Taken::Effect(changed, effect))
    }

    /// Finds and plans anew.
    fn plan(&mut self) -> Result<Plan, Vec<Diagnostic>> {
        let found = find(self.settings, self.selection)?;
        let tree = self.settings.tree.clone();
        let resolved =
            sources::resolve(self.settings, tree, &found.projects, Side::Head).map_err(|stop| stop.told)?;
        let plan = plan_beside(&resolved, &found, self.settings.imports, Some(&self.state.plan));
        let mut told = found.diagnostics;
        told.extend(plan.diagnostics.iter().cloned());
        if told.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            return Err(told);
        }
        let texts: HashSet<String> = told.iter().map(ToString::to_string).collect();
        told.retain(|diagnostic| !self.told.contains(&diagnostic.to_string()));
        self.told = texts;
        self.options.warnings.extend(told);
        sources::write_locks(self.settings, &resolved);
        // What was fetched is another tree.
        let locks = resolved.lock_texts();
        if self.locks != locks {
            self.locks = locks;
            self.modules = Arc::new(self.modules.in_tree(resolved.tree));
        }
        Ok(plan)
    }

    /// Watches the folders of all that these files asked for, or all files, and of what the plan was made of.
    fn watch_asked(&mut self, by: Option<&BTreeSet<RelPath>>) -> Result<(), Vec<Diagnostic>> {
        let Watch { state, files, .. } = self;
        let inputs: BTreeSet<RelPath> = state.plan.inputs().collect();
        // What lies in the folder of an input counts, too, where that is one.
        let inside = inputs.iter().map(|input| input.child("*"));
        let asked: Box<dyn Iterator<Item = &RelPath>> = match by {
            Some(by) => Box::new(by.iter().flat_map(|file| state.asked_by(file))),
            None => Box::new(state.asked()),
        };
        let mut folders: HashSet<&str> = HashSet::new();
        let mut asked = asked
            .filter(|path| folders.insert(path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)));
        asked.try_for_each(|path| files.watch_way_to(path)).map_err(|error| vec![error])?;
        inputs
            .iter()
            .cloned()
            .chain(inside)
            .try_for_each(|path| files.watch_way_to(&path))
            .map_err(|error| vec![error])
    }

    /// The report of a run of so many files.
    fn terminal(&self, files: usize) -> Sinks<'static> {
        let mut sinks = Sinks::default();
        let terminal = run::terminal(self.settings);
        let terminal = if files <= MAX_LINES { terminal.with_lines() } else { terminal };
        sinks.add("standard output", terminal);
        sinks
    }

    /// Writes the reports that were asked for: what each file gave last, whichever run that was in.
    fn write_reports(&mut self, ran: Option<(RunStarted, RunFinished)>) {
        let mut sinks = Sinks::default();
        if let Err(error) = run::open_reports(self.settings, &mut sinks) {
            tell(&[error], self.settings.color_errors);
            self.exit = self.exit.or(Exit::ReportNotWritten);
            return;
        }
        let mut counts = Counts::default();
        let results: Vec<Arc<FileResult>> = self.state.results.values().cloned().collect();
        results.iter().for_each(|file| counts.add(file));
        let (started, finished) = ran.unzip();
        let (files, jobs) = (results.len(), self.options.jobs);
        let at = started.as_ref().map_or_else(std::time::SystemTime::now, |started| started.at);
        let warnings = started.map_or_else(Vec::new, |started| started.warnings);
        sinks.event(&Event::RunStarted(RunStarted { at, files, jobs, warnings, shard: None }));
        for file in results {
            sinks.event(&Event::FileFinished(file));
        }
        let duration = finished.as_ref().map_or(Duration::ZERO, |finished| finished.duration);
        let (stopped, seed) = finished.map_or((None, None), |finished| (finished.stopped, finished.seed));
        sinks.event(&Event::RunFinished(RunFinished { duration, counts, stopped, seed }));
        self.tell_failed(sinks);
    }

    /// Tells which sinks failed.
    fn tell_failed(&mut self, sinks: Sinks<'_>) {
        for (name, error) in sinks.finish() {
            tell(&[Diagnostic::error(format!("writing {name}: {error}"))], self.settings.color_errors);
            self.exit = self.exit.or(Exit::ReportNotWritten);
        }
    }

    /// The exit status that follows from what each file gave last.
    fn verdict(&self) -> Exit {
        let mut failures = Failures::default();
        for file in self.state.results.values() {
            failures.add(&Event::FileFinished(Arc::clone(file)));
        }
        if failures.fail(self.selection.fails_on) { Exit::Failed } else { Exit::Passed }
    }

    fn look(&self) -> Look {
        Look::terminal(self.settings.color)
    }

    /// Begins a new page on a terminal.
    fn clear(&mut self) {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if io::stdout().is_terminal() && !is_dumb {
            self.print("\x1b[H\x1b[2J");
        }
    }

    fn say(&mut self, lines: &[String]) {
        self.print(&(lines.join("\n") + "\n"));
    }

    fn print(&mut self, text: &str) {
        let mut out = io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            self.exit = self.exit.or(Exit::ReportNotWritten);
            self.is_closed = true;
        }
    }

    /// `lib/a.ts and 2 others changed: 3 of 12 files run`.
    fn say_changed(&mut self, changed: &Changed, effect: &Effect) {
        let look = self.look();
        let Effect { affected: _, gone, causes, was_read: _ } = effect;
        let what = if changed.everything {
            "something".to_owned()
        } else {
            let of_note = causes.iter().chain(changed.paths().filter(|_| causes.is_empty()));
            names(&of_note.collect::<Vec<_>>(), look)
        };
        let all = self.state.plan.files.len();
        let due = self.state.count_due();
        let run = match (due, gone.len()) {
            (0, gone) => format!("{} gone, nothing to run", plural(gone, "file")),
            (due, _) => format!("{due} of {} run", plural(all, "file")),
        };
        let line = format!("{} changed: {run}", look.paint(Tint::Title, &what));
        self.say(&[line, String::new()]);
    }

    /// What fails that the last run was not about, and what can be done now.
    fn say_waiting(&mut self) {
        let look = self.look();
        let failed: Vec<RelPath> = self.state.failed().map(|file| file.path.clone()).collect();
        let mut lines = vec![String::new()];
        if !failed.is_empty() {
            let files =
                if failed.len() == 1 { "1 file fails" } else { &format!("{} files fail", failed.len()) };
            let names = names(&failed.iter().collect::<Vec<_>>(), look);
            lines.push(format!("{}: {names}", look.paint(Tint::Bad, files)));
        }
        let keys = match (self.has_keys, failed.is_empty()) {
            (false, _) => "",
            (true, true) => " - press Enter to run all, q to quit",
            (true, false) => " - press Enter to run all, f for what failed, q to quit",
        };
        lines.push(format!("waiting for changes{}", look.paint(Tint::Faint, keys)));
        self.say(&lines);
    }
}

/// The first names of several paths, and how many more there are.
fn names(paths: &[&RelPath], look: Look) -> String {
    let more = paths.len().saturating_sub(MAX_NAMES);
    let mut names: Vec<String> = paths.iter().take(MAX_NAMES).map(|path| look.line(path.as_str())).collect();
    if more > 0 {
        names.push(plural(more, "more file"));
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn is_empty(counts: &Counts) -> bool {
    let Counts {
        files_passed: _,
        files_failed: _,
        files_not_run,
        files_cached: _,
        passed,
        flaky,
        failed,
        errors,
        skipped,
        todo,
        filtered_out: _,
        warnings: _,
        snapshots: _,
    } = counts;
    files_not_run + passed + flaky + failed + errors + skipped + todo == 0
}

/// Tells of the first signal. Who sends a second waits for nothing more.
async fn listen(ended: mpsc::UnboundedSender<()>, terminal: Arc<Terminal>) {
    tokio::spawn(retake(Arc::clone(&terminal)));
    run::interrupted().await;
    // When the program ends there is nobody left to tell.
    let _ = ended.send(());
    run::interrupted().await;
    terminal.restore();
    std::process::exit(Exit::Interrupted.code().into());
}

/// Takes the terminal again whenever we come back from the background.
async fn retake(terminal: Arc<Terminal>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        let Ok(mut continued) = signal(continued) else { return };
        while continued.recv().await.is_some() {
            terminal.take();
        }
    }
    #[cfg(not(unix))]
    drop(terminal);
}
