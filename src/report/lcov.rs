//! What was counted, as lcov's tracefile: what editors, `genhtml` and services that show coverage read.
//!
//! The format is described in [geninfo(1)](https://manpages.debian.org/stable/lcov/geninfo.1.en.html).

use std::fmt::Write as _;
use std::io;

use super::Run;
use super::text::Look;
use crate::coverage::{Coverage, FileCoverage, PointKind, Totals};

/// The report of a run. One without counts gives an empty file.
///
/// # Errors
///
/// None; it has the form of the other reports.
pub(crate) fn render(run: &Run) -> io::Result<Vec<u8>> {
    Ok(run.coverage.as_deref().map(tracefile).unwrap_or_default().into_bytes())
}

/// The tracefile. Paths are those from the repository root.
fn tracefile(coverage: &Coverage) -> String {
    let mut text = String::new();
    for file in &coverage.files {
        record(file, &mut text);
    }
    text
}

fn record(file: &FileCoverage, text: &mut String) {
    let Totals { statements: _, functions, lines } = file.totals();
    // A line break in a path would begin a line of ours.
    let _ = write!(text, "TN:\nSF:{}\n", Look::FILE.line(file.path.as_str()));
    let named = || {
        file.points.iter().filter_map(|(point, count)| match &point.kind {
            PointKind::Function { name } => Some((name, point.line, *count)),
            PointKind::Statement => None,
        })
    };
    for (name, line, _) in named() {
        let _ = writeln!(text, "FN:{line},{name}");
    }
    for (name, _, count) in named() {
        let _ = writeln!(text, "FNDA:{count},{name}");
    }
    let _ = write!(text, "FNF:{}\nFNH:{}\n", functions.all, functions.hit);
    for (line, count) in file.lines() {
        let _ = writeln!(text, "DA:{line},{count}");
    }
    let _ = write!(text, "LF:{}\nLH:{}\nend_of_record\n", lines.all, lines.hit);
}

#[cfg(test)]
mod tests {
    use super::super::coverage::example;
    use super::*;

    #[test]
    fn every_record_has_its_functions_and_lines() {
        let run = Run { coverage: Some(example().into()), ..Run::default() };
        let text = String::from_utf8(render(&run).unwrap()).unwrap();
        let web = "TN:\nSF:src/web.ts\nFN:1,web\nFN:5,(anonymous_0)\nFNDA:4,web\nFNDA:0,(anonymous_0)\nFNF:2\nFNH:1\n\
                   DA:2,4\nDA:3,0\nDA:6,0\nLF:3\nLH:1\nend_of_record\n";
        assert!(text.ends_with(web), "{text}");
        assert_eq!(text.matches("end_of_record").count(), 2);
        assert_eq!(render(&Run::default()).unwrap(), b"");
    }
}
