//! How often what was run: data only, and how it adds up.

use std::collections::BTreeMap;

use crate::tree::RelPath;

/// Something in a source that is counted when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The line on which it begins, from 1.
    pub line: u32,
    /// What it is.
    pub kind: PointKind,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointKind {
    /// A statement, or what stands for one: the initializer of a variable or a field, the value of an arrow function.
    Statement,
    /// A function, method, getter, setter, constructor or arrow function.
    Function {
        /// Its name, unique within the file; `(anonymous_0)`, `(anonymous_1)` and so on where it has none.
        name: String,
    },
}

/// What was counted in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The files of which at least a part was loaded, sorted by path.
    pub files: Vec<FileCoverage>,
}

/// What was counted in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file, from the repository root.
    pub path: RelPath,
    /// Its points in the order of the source, each with how often it ran.
    pub points: Vec<(Point, u64)>,
}

/// How many of something ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Covered {
    /// How many there are.
    pub all: usize,
    /// How many of them ran at least once.
    pub hit: usize,
}

/// How many statements, functions and lines ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// The statements.
    pub statements: Covered,
    /// The functions.
    pub functions: Covered,
    /// The lines on which at least one statement begins.
    pub lines: Covered,
}

impl Coverage {
    /// The totals of all files together.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for file in &self.files {
            let Totals { statements, functions, lines } = file.totals();
            totals.statements.add(statements);
            totals.functions.add(functions);
            totals.lines.add(lines);
        }
        totals
    }
}

impl FileCoverage {
    /// The totals of the file.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (point, count) in &self.points {
            match point.kind {
                PointKind::Statement => totals.statements.count(*count),
                PointKind::Function { .. } => totals.functions.count(*count),
            }
        }
        self.lines().values().for_each(|count| totals.lines.count(*count));
        totals
    }

    /// The lines on which statements begin, each with how often the statement ran that ran most often.
    pub fn lines(&self) -> BTreeMap<u32, u64> {
        let mut lines = BTreeMap::new();
        for (point, count) in &self.points {
            if point.kind == PointKind::Statement {
                let most = lines.entry(point.line).or_insert(0);
                *most = (*most).max(*count);
            }
        }
        lines
    }

    /// The lines that never ran, as ranges from the first to the last. Lines without a statement between two of them
    /// belong to the range.
    pub fn uncovered(&self) -> Vec<(u32, u32)> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut open = false;
        for (line, count) in self.lines() {
            match ranges.last_mut() {
                Some((_, last)) if count == 0 && open => *last = line,
                _ if count == 0 => ranges.push((line, line)),
                _ => {}
            }
            open = count == 0;
        }
        ranges
    }
}

impl Covered {
    fn count(&mut self, times: u64) {
        self.all += 1;
        self.hit += usize::from(times > 0);
    }

    fn add(&mut self, other: Covered) {
        self.all += other.all;
        self.hit += other.hit;
    }

    /// How many ran, in percent; 100 where there are none. Never rounded up to 100, nor down to 0.
    pub fn percent(self) -> f64 {
        if self.all == 0 {
            return 100.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "no program has 2^52 statements")]
        let exact = self.hit as f64 * 100.0 / self.all as f64;
        let rounded = (exact * 100.0).round() / 100.0;
        if self.hit < self.all && self.hit > 0 { rounded.clamp(0.01, 99.99) } else { rounded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(points: &[(u32, u64)]) -> FileCoverage {
        let point = |(line, count): &(u32, u64)| (Point { line: *line, kind: PointKind::Statement }, *count);
        FileCoverage { path: RelPath::new("a.ts").unwrap(), points: points.iter().map(point).collect() }
    }

    #[test]
    fn a_line_counts_when_one_of_its_statements_ran() {
        let file = file(&[(1, 0), (1, 3), (2, 0)]);
        let Totals { statements, functions, lines } = file.totals();
        assert_eq!((statements.hit, statements.all), (1, 3));
        assert_eq!((functions.all, lines.hit, lines.all), (0, 1, 2));
        assert_eq!(file.lines(), BTreeMap::from([(1, 3), (2, 0)]));
    }

    #[test]
    fn lines_that_did_not_run_are_told_as_ranges() {
        assert_eq!(file(&[(1, 0), (2, 1), (4, 0), (6, 0), (7, 0), (8, 1)]).uncovered(), [(1, 1), (4, 7)]);
        assert_eq!(file(&[(1, 1)]).uncovered(), []);
        assert_eq!(file(&[(3, 0), (1, 0), (2, 5)]).uncovered(), [(1, 1), (3, 3)]);
    }

    #[test]
    fn all_but_one_is_not_all() {
        let percent = |hit, all| Covered { all, hit }.percent();
        assert_eq!([percent(0, 0), percent(0, 5), percent(5, 5)], [100.0, 0.0, 100.0]);
        assert_eq!([percent(1, 3), percent(99_999, 100_000), percent(1, 100_000)], [33.33, 99.99, 0.01]);
    }
}
