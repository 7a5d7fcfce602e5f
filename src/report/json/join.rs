//! Joins the runs of all shards into the one that they are parts of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::Run;
use super::Saved;
use crate::change::Diff;
use crate::diagnostic::Diagnostic;
use crate::diff;
use crate::event::{Counts, RunFinished, RunStarted, Stopped};
use crate::shard::Part;
use crate::tree::RelPath;

/// What all shards together are.
#[derive(Debug)]
pub(crate) struct Joined {
    /// The run. It took as long as the longest of its shards, and began when the first did.
    pub(crate) run: Run,
    /// What is not the same as in one run of everything; to be told beside the reports, in which it is not.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Why reports are not those of all shards of one run. Names of reports are those that [`join`] was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotJoined {
    /// No report of some shards.
    #[error("{} missing: {} given", shards(.missing, *.total), shards(.given, *.total))]
    Missing {
        /// The shards without a report.
        missing: Vec<usize>,
        /// Those with one.
        given: Vec<usize>,
        /// How many there are.
        total: usize,
    },
    /// Two reports of one shard.
    #[error("{first} and {second} are both of shard {index}/{total}")]
    Twice {
        /// The shard.
        index: usize,
        /// How many there are.
        total: usize,
        /// A report.
        first: String,
        /// The other.
        second: String,
    },
    /// Parts of other sizes.
    #[error("{first} is of {first_total} shards, and {second} of {second_total}")]
    Totals {
        /// A report.
        first: String,
        /// How many shards its run has.
        first_total: usize,
        /// The other.
        second: String,
        /// How many shards its run has.
        second_total: usize,
    },
    /// The shards do not know of the same files.
    #[error("{first} and {second} are of runs that found other files, or shared them out in another way")]
    Plans {
        /// A report.
        first: String,
        /// The other.
        second: String,
    },
    /// Reports of shards, and others.
    #[error("{shard} is of a shard, and {whole} is of a whole run")]
    Mixed {
        /// A report of a shard.
        shard: String,
        /// A report of a run without `--shard`.
        whole: String,
    },
    /// A file that ran more than once.
    #[error("{path} is in {first} and in {second}")]
    File {
        /// The file.
        path: RelPath,
        /// A report.
        first: String,
        /// The other.
        second: String,
    },
    /// Resources that were compared with different commits.
    #[error("{first} compares with {first_base}, and {second} with {second_base}")]
    Bases {
        /// A report.
        first: String,
        /// Its base.
        first_base: String,
        /// The other.
        second: String,
        /// Its base.
        second_base: String,
    },
    /// Only some have compared.
    #[error("{with} has compared with a base, and {without} has not")]
    Diffs {
        /// A report with a diff.
        with: String,
        /// A report of a run that was not stopped, without one.
        without: String,
    },
}

fn shards(indices: &[usize], total: usize) -> String {
    let named: Vec<String> = indices.iter().take(20).map(|index| format!("{index}/{total}")).collect();
    let more = if indices.len() > 20 { " …" } else { "" };
    let (word, verb) = if indices.len() == 1 { ("shard", "is") } else { ("shards", "are") };
    format!("{word} {}{more} {verb}", named.join(", "))
}

/// Joins reports, each with what it is called. The order in which they come makes no difference.
///
/// # Errors
///
/// They are not those of all shards of one run, nor of runs without shards that have no file in common.
pub(crate) fn join(mut reports: Vec<(String, Saved)>) -> Result<Joined, NotJoined> {
    reports.sort_by_cached_key(|(name, saved)| {
        (
            part(saved).map(|part| part.shard),
            saved.run.files.keys().next().cloned(),
            saved.digest,
            name.clone(),
        )
    });
    check_parts(&reports)?;
    let mut warnings = Vec::new();
    warnings.extend(other_tools(&reports));
    if reports.iter().any(|(_, saved)| saved.has_coverage) {
        let message = "the coverage of the shards is not part of the reports: what one of them has covered, another counts as not";
        warnings.push(Diagnostic::warning(message).help(
            "the lcov files of the shards add up: `lcov --add-tracefile`, or whatever reads several of them",
        ));
    }
    let (seed, told) = seed(&reports);
    warnings.extend(told);
    let (diff, told) = join_diffs(&reports)?;
    warnings.extend(told);

    let mut origins: BTreeMap<RelPath, usize> = BTreeMap::new();
    let mut joined = Run::default();
    let mut counts = Counts::default();
    for (at, (name, saved)) in reports.iter().enumerate() {
        for (path, file) in &saved.run.files {
            if let Some(first) = origins.insert(path.clone(), at) {
                let first = reports[first].0.clone();
                return Err(NotJoined::File { path: path.clone(), first, second: name.clone() });
            }
            counts.add(file);
            joined.files.insert(path.clone(), Arc::clone(file));
        }
    }
    let started = || reports.iter().filter_map(|(_, saved)| saved.run.started.as_ref());
    let finished = || reports.iter().filter_map(|(_, saved)| saved.run.finished.as_ref());
    let mut told: Vec<Diagnostic> = Vec::new();
    for started in started() {
        // Every shard says what is wrong with the configuration.
        let new: Vec<Diagnostic> =
            started.warnings.iter().filter(|warning| !told.contains(warning)).cloned().collect();
        told.extend(new);
    }
    joined.started = started().map(|started| started.at).min().map(|at| RunStarted {
        at,
        files: joined.files.len(),
        jobs: started().map(|started| started.jobs).sum(),
        warnings: told,
        shard: None,
    });
    joined.finished = Some(RunFinished {
        duration: finished().map(|finished| finished.duration).max().unwrap_or(Duration::ZERO),
        counts,
        stopped: finished().filter_map(|finished| finished.stopped).max_by_key(|stopped| weight(*stopped)),
        seed,
    });
    joined.diff = diff.map(Arc::new);
    Ok(Joined { run: joined, warnings })
}

/// Of what stopped several shards, the heaviest is told.
fn weight(stopped: Stopped) -> u8 {
    match stopped {
        Stopped::FailFast => 0,
        Stopped::MaxFail => 1,
        Stopped::Interrupted => 2,
    }
}

fn part(saved: &Saved) -> Option<&Part> {
    saved.run.started.as_ref().and_then(|started| started.shard.as_ref())
}

/// Whether the reports, in the order of their shards, are those of all shards of one run.
fn check_parts(reports: &[(String, Saved)]) -> Result<(), NotJoined> {
    let mut parts = Vec::new();
    let mut whole = None;
    for (name, saved) in reports {
        match part(saved) {
            Some(part) => parts.push((name, part)),
            None => whole = whole.or(Some(name)),
        }
    }
    let Some((first, one)) = parts.first().copied() else { return Ok(()) };
    if let Some(whole) = whole {
        return Err(NotJoined::Mixed { shard: first.clone(), whole: whole.clone() });
    }
    let total = one.shard.total();
    for (name, part) in &parts {
        if part.shard.total() != total {
            return Err(NotJoined::Totals {
                first: first.clone(),
                first_total: total,
                second: (*name).clone(),
                second_total: part.shard.total(),
            });
        }
    }
    for pair in parts.windows(2) {
        let [(first, one), (second, other)] = pair else { continue };
        if one.shard == other.shard {
            let index = one.shard.index();
            let (first, second) = ((*first).clone(), (*second).clone());
            return Err(NotJoined::Twice { index, total, first, second });
        }
    }
    let given: Vec<usize> = parts.iter().map(|(_, part)| part.shard.index()).collect();
    let missing: Vec<usize> = (1..=total).filter(|index| !given.contains(index)).collect();
    if !missing.is_empty() {
        return Err(NotJoined::Missing { missing, given, total });
    }
    match parts.iter().find(|(_, part)| part.plan != one.plan) {
        Some((other, _)) => Err(NotJoined::Plans { first: first.clone(), second: (*other).clone() }),
        None => Ok(()),
    }
}

/// What there is to say of reports by different versions of the program.
fn other_tools(reports: &[(String, Saved)]) -> Option<Diagnostic> {
    let ((first, one), others) = reports.split_first()?;
    let (second, other) = others.iter().find(|(_, other)| other.tool != one.tool)?;
    let message = format!(
        "{first} is by husako-ci {:?}, and {second} by {:?}: they may not judge alike",
        one.tool, other.tool
    );
    Some(Diagnostic::warning(message).help("use one version in all jobs"))
}

/// The seed of all that have one, or what there is to say when there are several.
fn seed(reports: &[(String, Saved)]) -> (Option<u64>, Option<Diagnostic>) {
    let seed = |saved: &Saved| saved.run.finished.as_ref().and_then(|finished| finished.seed);
    let seeds: Vec<(&String, u64)> =
        reports.iter().filter_map(|(name, saved)| Some((name, seed(saved)?))).collect();
    let Some((_, first)) = seeds.first() else { return (None, None) };
    if seeds.iter().all(|(_, seed)| seed == first) {
        return (Some(*first), None);
    }
    let told: Vec<String> = seeds.iter().map(|(name, seed)| format!("{name}: {seed}")).collect();
    let message = format!("the shards drew their random numbers from different seeds ({})", told.join(", "));
    (None, Some(Diagnostic::warning(message).help("give all of them the same --seed")))
}

/// What all shards together change, if they have compared; or what there is to say when one was stopped before it could.
fn join_diffs(reports: &[(String, Saved)]) -> Result<(Option<Diff>, Option<Diagnostic>), NotJoined> {
    let mut diffs: Vec<(&String, &Diff)> = Vec::new();
    let mut stopped = None;
    let mut without = None;
    for (name, saved) in reports {
        let is_stopped = saved.run.finished.as_ref().is_some_and(|finished| finished.stopped.is_some());
        match &saved.run.diff {
            Some(diff) => diffs.push((name, diff)),
            None if is_stopped => stopped = stopped.or(Some(name)),
            None => without = without.or(Some(name)),
        }
    }
    let Some((first, one)) = diffs.first().copied() else { return Ok((None, None)) };
    if let Some(without) = without {
        return Err(NotJoined::Diffs { with: first.clone(), without: without.clone() });
    }
    if let Some((second, other)) = diffs.iter().find(|(_, other)| other.base.commit != one.base.commit) {
        let named = |diff: &Diff| format!("{} ({})", diff.base.name, diff.base.commit);
        return Err(NotJoined::Bases {
            first: first.clone(),
            first_base: named(one),
            second: (*second).clone(),
            second_base: named(other),
        });
    }
    if let Some(stopped) = stopped {
        let message =
            format!("nothing is told of what differs: {stopped} was stopped before it could compare");
        return Ok((None, Some(Diagnostic::warning(message))));
    }
    Ok((diff::join(diffs.into_iter().map(|(_, diff)| diff.clone()).collect()), None))
}
