//! A run that is split among several machines: which part one of them runs, and which files are in it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::tree::RelPath;

/// The most shards of a run: more than any CI system starts, and few enough to be counted with.
pub const MAX_SHARDS: usize = 10_000;

/// One of the equal parts of a run: `2/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: usize,
    total: usize,
}

/// Why there is no such shard; each says what is to be written instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Not two numbers.
    #[error("is not the number of a part and how many there are, such as 1/3, nor `auto`")]
    Form,
    /// The first number is none of the parts.
    #[error(
        "names part {index} of {total}: parts are numbered from 1, so write 1/{total} to {total}/{total}"
    )]
    Index {
        /// What was written first.
        index: usize,
        /// What was written second.
        total: usize,
    },
    /// No run has that many parts.
    #[error("has {total} parts: there must be 1 to {MAX_SHARDS}, such as 1/3")]
    Total {
        /// What was written second.
        total: usize,
    },
    /// `auto`, and nobody says which.
    #[error(
        "is `auto`, and no variable says which part this is: none of {} is set; \
         on GitHub Actions, or where a job is one of several in another way, write it, such as 1/3",
        NODES.map(|node| node.index).join(", ")
    )]
    Unknown,
    /// `auto`, and a variable makes no sense.
    #[error("is `auto`, and {index_name}={index} with {total_name}={total} is no part of a run")]
    Variable {
        /// The variable that says which part.
        index_name: &'static str,
        /// Its value.
        index: String,
        /// The variable that says how many there are.
        total_name: &'static str,
        /// Its value.
        total: String,
    },
}

/// How a CI system tells a job which of several equal ones it is.
struct Node {
    index: &'static str,
    total: &'static str,
    /// The number of the first job.
    first: usize,
}

/// The systems that `auto` knows, as they document their variables: CircleCI, Buildkite, Semaphore, GitLab. Others have
/// taken over GitLab's names, and count as it does.
///
/// <https://circleci.com/docs/variables>,
/// <https://buildkite.com/docs/pipelines/configure/environment-variables>,
/// <https://docs.semaphoreci.com/reference/env-vars>,
/// <https://docs.gitlab.com/ci/variables/predefined_variables>
const NODES: [Node; 4] = [
    Node { index: "CIRCLE_NODE_INDEX", total: "CIRCLE_NODE_TOTAL", first: 0 },
    Node { index: "BUILDKITE_PARALLEL_JOB", total: "BUILDKITE_PARALLEL_JOB_COUNT", first: 0 },
    Node { index: "SEMAPHORE_JOB_INDEX", total: "SEMAPHORE_JOB_COUNT", first: 1 },
    Node { index: "CI_NODE_INDEX", total: "CI_NODE_TOTAL", first: 1 },
];

impl Shard {
    /// Part `index`, from 1, of `total`.
    ///
    /// # Errors
    ///
    /// There is no such part.
    pub fn new(index: usize, total: usize) -> Result<Shard, ShardError> {
        if !(1..=MAX_SHARDS).contains(&total) {
            return Err(ShardError::Total { total });
        }
        if !(1..=total).contains(&index) {
            return Err(ShardError::Index { index, total });
        }
        Ok(Shard { index, total })
    }

    /// The part that a job is, as its CI system says it. `variable` gives the value of a variable of the environment.
    ///
    /// # Errors
    ///
    /// No system that is known says so, or what it says is no part.
    pub fn of_job(variable: impl Fn(&str) -> Option<String>) -> Result<Shard, ShardError> {
        let known = NODES.iter().find_map(|node| variable(node.index).map(|index| (node, index)));
        let Some((node, index)) = known else { return Err(ShardError::Unknown) };
        let total = variable(node.total).unwrap_or_default();
        let number = |text: &str| text.trim().parse::<usize>().ok();
        number(&index)
            .zip(number(&total))
            .and_then(|(index, total)| Shard::new((index + 1).checked_sub(node.first)?, total).ok())
            .ok_or(ShardError::Variable { index_name: node.index, index, total_name: node.total, total })
    }

    /// Which part, from 1.
    pub fn index(self) -> usize {
        self.index
    }

    /// How many parts there are.
    pub fn total(self) -> usize {
        self.total
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Shard, ShardError> {
        let (index, total) = text.split_once('/').ok_or(ShardError::Form)?;
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| ShardError::Form);
        Shard::new(number(index)?, number(total)?)
    }
}

/// A shard, and what it is a part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub shard: Shard,
    /// The [`Shares::digest`] of the run. Parts of one run have the same.
    pub plan: String,
}

/// Which part runs which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// Of every file, from 1.
    parts: BTreeMap<RelPath, usize>,
    total: usize,
}

impl Shares {
    /// Shares files out among `total` parts (at least 1): the same for the same files and times, in whatever order they come.
    ///
    /// Where `time` knows how long any of them took, the longest goes first, and each to the part that has the least to do
    /// so far; a file of which nothing is known counts as the median of the others. Where it knows none, each part gets as many
    /// files as any other, by the SHA-256 of their paths: so neighbours, which are often alike, are spread.
    pub fn new(
        files: impl IntoIterator<Item = RelPath>,
        total: usize,
        time: impl Fn(&RelPath) -> Option<Duration>,
    ) -> Shares {
        let mut files: Vec<(RelPath, Option<Duration>)> = files
            .into_iter()
            .map(|path| {
                let time = time(&path);
                (path, time)
            })
            .collect();
        files.sort_unstable();
        files.dedup_by(|a, b| a.0 == b.0);
        let mut known: Vec<Duration> = files.iter().filter_map(|(_, time)| *time).collect();
        known.sort_unstable();
        let parts = match known.get(known.len() / 2) {
            Some(median) => {
                by_time(files.into_iter().map(|(path, time)| (path, time.unwrap_or(*median))), total)
            }
            None => by_hash(files.into_iter().map(|(path, _)| path), total),
        };
        Shares { parts, total }
    }

    /// The part that runs a file, from 1; `None` when the file was not shared out.
    pub fn of(&self, path: &RelPath) -> Option<usize> {
        self.parts.get(path).copied()
    }

    /// The part that a file would fall to that is known by its path only, from 1: one that was not there when the others
    /// were shared out.
    pub fn of_another(&self, path: &RelPath) -> usize {
        let number =
            sum(path).iter().fold(0, |number, byte| (number << 8 | u64::from(*byte)) % self.total as u64);
        number as usize + 1
    }

    /// A sum over who runs what, as lowercase hex of SHA-256. Machines that found other files, or know other times, have
    /// another one.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(format!("{}\n", self.total));
        for (path, part) in &self.parts {
            hasher.update(format!("{part} {}\n", path.as_str()));
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn by_time(files: impl Iterator<Item = (RelPath, Duration)>, total: usize) -> BTreeMap<RelPath, usize> {
    let mut files: Vec<(RelPath, Duration)> = files.collect();
    // Stable: those that took as long are in the order of their paths.
    files.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    // How long a part takes, then how many files it has: files that take no time are spread, too.
    let mut loads = vec![(Duration::ZERO, 0_usize); total];
    let mut parts = BTreeMap::new();
    for (path, time) in files {
        let Some(least) = (0..total).min_by_key(|at| loads[*at]) else { break };
        let (load, count) = &mut loads[least];
        *load = load.saturating_add(time);
        *count += 1;
        parts.insert(path, least + 1);
    }
    parts
}

fn by_hash(files: impl Iterator<Item = RelPath>, total: usize) -> BTreeMap<RelPath, usize> {
    let mut files: Vec<([u8; 32], RelPath)> = files.map(|path| (sum(&path), path)).collect();
    files.sort_unstable();
    files.into_iter().enumerate().map(|(at, (_, path))| (path, at % total + 1)).collect()
}

fn sum(path: &RelPath) -> [u8; 32] {
    Sha256::digest(path.as_str()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    fn named(count: usize) -> Vec<RelPath> {
        (0..count).map(|number| path(&format!("apps/{number}.test.ts"))).collect()
    }

    /// The files of each part.
    fn shared(shares: &Shares) -> Vec<Vec<&str>> {
        let of =
            |part| shares.parts.iter().filter(move |(_, of)| **of == part).map(|(path, _)| path.as_str());
        (1..=shares.total).map(|part| of(part).collect()).collect()
    }

    #[test]
    fn a_shard_is_a_part_and_how_many_there_are() {
        let shard: Shard = "2/3".parse().unwrap();
        assert_eq!((shard.index(), shard.total(), shard.to_string()), (2, 3, "2/3".to_owned()));
        let error = |text: &str| text.parse::<Shard>().unwrap_err();
        for text in ["", "3", "a/3", "1/", "/3", "1/2/3", "-1/3", "1.0/3"] {
            assert_eq!(error(text), ShardError::Form, "{text}");
        }
        assert_eq!(
            error("0/3").to_string(),
            "names part 0 of 3: parts are numbered from 1, so write 1/3 to 3/3"
        );
        assert_eq!(error("4/3"), ShardError::Index { index: 4, total: 3 });
        assert_eq!(error("1/0").to_string(), "has 0 parts: there must be 1 to 10000, such as 1/3");
        assert_eq!(error("1/10001"), ShardError::Total { total: 10_001 });
    }

    #[test]
    fn each_system_counts_in_its_own_way() {
        let of = |variables: &[(&str, &str)]| {
            Shard::of_job(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        for (index, total, first) in [
            ("CI_NODE_INDEX", "CI_NODE_TOTAL", "1"),
            ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", "0"),
            ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", "0"),
            ("SEMAPHORE_JOB_INDEX", "SEMAPHORE_JOB_COUNT", "1"),
        ] {
            assert_eq!(of(&[(index, first), (total, "3")]), Shard::new(1, 3), "{index}");
        }
        assert_eq!(of(&[("CIRCLE_NODE_INDEX", "2"), ("CIRCLE_NODE_TOTAL", "3")]), Shard::new(3, 3));
        assert_eq!(of(&[("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "3")]), Shard::new(3, 3));
        // GitLab tells how many there are even where a job is the only one.
        assert_eq!(of(&[("CI_NODE_TOTAL", "1")]), Err(ShardError::Unknown));
        assert!(ShardError::Unknown.to_string().contains("BUILDKITE_PARALLEL_JOB"));
        let odd = of(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "3")]).unwrap_err().to_string();
        assert_eq!(odd, "is `auto`, and CI_NODE_INDEX=0 with CI_NODE_TOTAL=3 is no part of a run");
        assert!(of(&[("CIRCLE_NODE_INDEX", "3"), ("CIRCLE_NODE_TOTAL", "3")]).is_err());
        assert!(of(&[("CI_NODE_INDEX", "1")]).is_err());
    }

    #[test]
    fn without_times_each_part_has_as_many_files() {
        let shares = Shares::new(named(11), 3, |_| None);
        // Written down, so that a new version does not share out otherwise unseen.
        let numbers = |part: &[&str]| -> Vec<String> {
            part.iter().map(|path| path.replace("apps/", "").replace(".test.ts", "")).collect()
        };
        let told: Vec<Vec<String>> = shared(&shares).iter().map(|part| numbers(part)).collect();
        assert_eq!(told, [vec!["0", "1", "2", "3"], vec!["4", "5", "6", "9"], vec!["10", "7", "8"]]);
    }

    #[test]
    fn the_longest_files_go_first_and_to_where_the_least_is_to_do() {
        let times = [("a", 10), ("b", 7), ("c", 6), ("d", 5), ("e", 5), ("f", 1)];
        let time = |path: &RelPath| {
            let found = times.iter().find(|(name, _)| *name == path.as_str())?;
            Some(Duration::from_millis(found.1))
        };
        let files = || times.iter().map(|(name, _)| path(name));
        // 10 + 1 | 7 + 5 | 6 + 5: d goes to the 6, e to the 7, f to the 10, which is the first of the least.
        assert_eq!(shared(&Shares::new(files(), 3, time)), [vec!["a", "f"], vec!["b", "e"], vec!["c", "d"]]);
        // A file without a time counts as the median, 6, and comes behind c by its path: 10 + 5 | 7 + 5 + 1 | 6 + 6.
        let with_new = files().chain([path("g")]);
        assert_eq!(
            shared(&Shares::new(with_new, 3, time)),
            [vec!["a", "e"], vec!["b", "d", "f"], vec!["c", "g"]]
        );
    }

    #[test]
    fn the_digest_tells_other_files_and_other_times() {
        let digest = |shares: Shares| shares.digest();
        let first = digest(Shares::new(named(4), 2, |_| None));
        assert_eq!(first.len(), 64);
        assert_eq!(first, digest(Shares::new(named(4).into_iter().rev(), 2, |_| None)));
        assert_ne!(first, digest(Shares::new(named(5), 2, |_| None)));
        assert_ne!(first, digest(Shares::new(named(4), 3, |_| None)));
        let last = |path: &RelPath| (path.as_str() == "apps/3.test.ts").then_some(Duration::MAX);
        assert_ne!(first, digest(Shares::new(named(4), 2, last)));
    }

    proptest! {
        #[test]
        fn every_file_is_in_one_part_wherever_it_stands(
            files in proptest::collection::vec(("[a-z]{1,3}", proptest::option::of(0_u64..50)), 0..40),
            total in 1_usize..9,
        ) {
            let time = |path: &RelPath| {
                let (_, millis) = files.iter().find(|(name, _)| name == path.as_str())?;
                millis.map(Duration::from_millis)
            };
            let paths = || files.iter().map(|(name, _)| path(name));
            let shares = Shares::new(paths(), total, time);
            prop_assert_eq!(&shares, &Shares::new(paths().rev(), total, time));
            for path in paths() {
                prop_assert!(shares.of(&path).is_some_and(|part| (1..=total).contains(&part)));
                prop_assert!((1..=total).contains(&shares.of_another(&path)));
            }
            let unknown = Shares::new(paths(), total, |_| None);
            let counts: Vec<usize> = shared(&unknown).iter().map(Vec::len).collect();
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{:?}", counts);
        }
    }
}
