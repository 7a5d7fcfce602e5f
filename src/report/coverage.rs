//! What was counted, as a table: for a terminal, and for the job summary.

use unicode_width::UnicodeWidthStr;

use super::markdown::diff::details;
use super::markdown::escape::code_cut;
use super::markdown::{Detail, LeftOut};
use super::text::{Look, Tint};
use crate::coverage::{Coverage, Covered, FileCoverage, Totals};

/// The columns of numbers, as Istanbul's table names them, in characters and with a space on either side.
const NUMBERS: [&str; 3] = [" % Stmts ", " % Funcs ", " % Lines "];
const NAME: &str = "File";
const UNCOVERED: &str = "Uncovered Line #s";
/// The narrowest that a column of names gets, in columns of a terminal.
const MIN_NAME: usize = 20;

/// The table as lines, all files first. Cut to `width` columns of a terminal, where one is given.
pub(crate) fn table(coverage: &Coverage, look: Look, width: Option<usize>) -> Vec<String> {
    let names: Vec<String> = coverage.files.iter().map(|file| look.line(file.path.as_str())).collect();
    let wanted = names.iter().map(|name| name.width() + 1).max().unwrap_or_default().max("All files".len());
    let numbers: usize = NUMBERS.iter().map(|title| title.len() + 1).sum();
    let fixed = numbers + 3 + UNCOVERED.len();
    let name_width = width.map_or(wanted, |width| wanted.min(width.saturating_sub(fixed).max(MIN_NAME)));
    let rest = width.map(|width| width.saturating_sub(name_width + 3 + numbers).max(UNCOVERED.len()));

    let row = |name: &str, totals: &Totals, uncovered: &str| {
        let Totals { statements, functions, lines } = totals;
        let mut row = padded(name, name_width) + " |";
        for covered in [statements, functions, lines] {
            row += &look.paint(tint(*covered), &format!("{:>8} ", percent(*covered)));
            row += "|";
        }
        match uncovered {
            "" => row,
            uncovered => format!("{row} {}", look.paint(Tint::Bad, uncovered)),
        }
    };
    let mut lines = vec![
        format!("{} |{}| {UNCOVERED}", padded(NAME, name_width), NUMBERS.join("|")),
        format!(
            "{}|{}|{}",
            "-".repeat(name_width + 1),
            NUMBERS.map(|title| "-".repeat(title.len())).join("|"),
            "-".repeat(UNCOVERED.len() + 1)
        ),
        row("All files", &coverage.totals(), ""),
    ];
    lines.extend(coverage.files.iter().zip(&names).map(|(file, name)| {
        let name = format!(" {}", cut_start(name, name_width - 1));
        row(&name, &file.totals(), &cut_ranges(&uncovered(file), rest))
    }));
    lines
}

/// The total and the files that are not covered whole, the least covered first, as Markdown.
pub(crate) fn markdown(coverage: &Coverage, detail: &Detail, left_out: &mut LeftOut) -> String {
    let totals = coverage.totals();
    let row = |name: &str, totals: &Totals, uncovered: &str| {
        let Totals { statements, functions, lines } = totals;
        let [statements, functions, lines] = [statements, functions, lines].map(|covered| percent(*covered));
        format!("| {name} | {statements} | {functions} | {lines} | {uncovered} |\n")
    };
    let mut files: Vec<(&FileCoverage, Totals)> = coverage
        .files
        .iter()
        .map(|file| (file, file.totals()))
        .filter(|(_, totals)| !is_whole(totals))
        .collect();
    files.sort_by(|(_, a), (_, b)| a.lines.percent().total_cmp(&b.lines.percent()));
    let rows = files.iter().map(|(file, totals)| {
        let uncovered = cut_ranges(&uncovered(file), Some(100));
        row(&code_cut(file.path.as_str(), 200), totals, &uncovered)
    });
    let rows: Vec<String> = rows.take(detail.rows).collect();
    left_out.rows += files.len() - rows.len();
    let head = "| File | % Stmts | % Funcs | % Lines | Uncovered lines |\n|---|---:|---:|---:|---|\n";
    let title = format!("Coverage: {} % of the lines", percent(totals.lines));
    details(&title, &format!("{head}{}{}", row("All files", &totals, ""), rows.concat()))
}

fn is_whole(totals: &Totals) -> bool {
    let Totals { statements, functions, lines } = totals;
    [statements, functions, lines].iter().all(|covered| covered.hit == covered.all)
}

/// A percentage, as Istanbul writes it: at most two decimals.
pub(crate) fn percent(covered: Covered) -> String {
    let text = format!("{:.2}", covered.percent());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Green from 80 %, red below 50 %: the marks of Istanbul's reports.
fn tint(covered: Covered) -> Tint {
    match covered.percent() {
        percent if percent < 50.0 => Tint::Bad,
        percent if percent < 80.0 => Tint::Warn,
        _ => Tint::Good,
    }
}

/// The lines that did not run: `3-5,9`.
fn uncovered(file: &FileCoverage) -> Vec<String> {
    let range = |(first, last): (u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    file.uncovered().into_iter().map(range).collect()
}

/// As many ranges as fit; `…` stands for the others.
fn cut_ranges(ranges: &[String], width: Option<usize>) -> String {
    let all = ranges.join(",");
    match width {
        Some(width) if all.len() > width => {
            let mut cut = String::new();
            for range in ranges {
                if cut.len() + range.len() + 2 > width {
                    break;
                }
                cut = cut + range + ",";
            }
            cut + "…"
        }
        Some(_) | None => all,
    }
}

/// The end of a path that is too long: it tells more than the start.
fn cut_start(path: &str, width: usize) -> String {
    if path.width() <= width {
        return path.to_owned();
    }
    let mut rest = path;
    while rest.width() + 1 > width {
        let mut chars = rest.chars();
        chars.next();
        rest = chars.as_str();
    }
    format!("…{rest}")
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// A coverage of two files, one of them covered whole.
#[cfg(test)]
pub(super) fn example() -> Coverage {
    use crate::coverage::{Point, PointKind};
    use crate::tree::RelPath;

    let statement = |line, count| (Point { line, kind: PointKind::Statement }, count);
    let function = |line, name: &str, count| {
        (Point { line, kind: PointKind::Function { name: name.to_owned() } }, count)
    };
    let file = |path: &str, points| FileCoverage { path: RelPath::new(path).unwrap_or_default(), points };
    Coverage {
        files: vec![
            file("src/labels.ts", vec![statement(1, 1)]),
            file(
                "src/web.ts",
                vec![
                    function(1, "web", 4),
                    statement(2, 4),
                    statement(3, 0),
                    function(5, "(anonymous_0)", 0),
                    statement(6, 0),
                ],
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::RelPath;

    #[test]
    fn the_table_is_the_one_that_people_know() {
        let table = table(&example(), Look::FILE, None).join("\n");
        let expected = "\
File           | % Stmts | % Funcs | % Lines | Uncovered Line #s
---------------|---------|---------|---------|------------------
All files      |      50 |      50 |      50 |
 src/labels.ts |     100 |     100 |     100 |
 src/web.ts    |   33.33 |      50 |   33.33 | 3-6";
        assert_eq!(table, expected);
    }

    #[test]
    fn it_fits_the_terminal() {
        let mut coverage = example();
        let long = format!("{}/äöü/web.ts", "folder/".repeat(20));
        coverage.files[1].path = RelPath::new(&long).unwrap();
        let statement = coverage.files[0].points[0].0.clone();
        let every_other =
            (1..200).map(|line| (crate::coverage::Point { line, ..statement.clone() }, u64::from(line % 2)));
        coverage.files[1].points = every_other.collect();
        for width in [80, 100, 200] {
            let lines = table(&coverage, Look::terminal(false), Some(width));
            assert!(lines.iter().all(|line| line.width() <= width), "{lines:#?}");
            assert!(lines[4].contains("/web.ts") && lines[4].ends_with(",…"), "{lines:#?}");
        }
        let narrow = table(&coverage, Look::terminal(false), Some(10));
        assert!(narrow[4].starts_with(" …"), "{narrow:#?}");
    }

    #[test]
    fn colours_say_how_good_it_is() {
        let lines = table(&example(), Look::terminal(true), None);
        assert!(lines[2].contains("\u{1b}[33m") && lines[3].contains("\u{1b}[32m"), "{lines:?}");
        assert!(lines[4].contains("\u{1b}[31m   33.33 \u{1b}[0m|"), "{lines:?}");
    }

    #[test]
    fn the_summary_names_what_is_not_covered() {
        let text = markdown(&example(), &Detail::ALL, &mut LeftOut::default());
        assert!(text.contains("<summary>Coverage: 50 % of the lines</summary>"), "{text}");
        assert!(text.contains("| <code>src/web.ts</code> | 33.33 | 50 | 33.33 | 3-6 |\n"), "{text}");
        assert!(!text.contains("labels.ts"), "{text}");
    }
}
