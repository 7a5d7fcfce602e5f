//! Exit statuses.

use std::process::ExitCode;

/// The end of `--help`.
pub(super) const HELP: &str = "\
Exit status: 0 all passed; 1 something failed; 2 wrong arguments or configuration; 8 nothing to run;
9 a report could not be written; 130 interrupted.";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything that ran passed.
    Passed,
    /// A case or a file failed, or husako-ci itself did.
    Failed,
    /// The arguments or the configuration are wrong; nothing ran.
    Usage,
    /// Nothing was found to run.
    NothingToRun,
    /// A report that was asked for could not be written.
    ReportNotWritten,
    /// Ctrl-C, or the system asked the process to end.
    Interrupted,
}

impl Exit {
    /// The status that the parent process sees.
    pub(super) fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NothingToRun => 8,
            Exit::ReportNotWritten => 9,
            Exit::Interrupted => 130,
        }
    }

    /// What it means, as the table of the README says it.
    #[cfg(test)]
    fn meaning(self) -> &'static str {
        match self {
            Exit::Passed => "everything that ran passed",
            Exit::Failed => "a case or a file failed, or husako-ci itself did",
            Exit::Usage => "the arguments or the configuration are wrong; nothing ran",
            Exit::NothingToRun => "nothing was found to run (see `--no-tests`)",
            Exit::ReportNotWritten => "a report that was asked for could not be written",
            Exit::Interrupted => "interrupted by Ctrl-C or SIGTERM; all reports are written",
        }
    }

    /// The status that wins when both apply: the higher one.
    pub(super) fn or(self, other: Exit) -> Exit {
        if other.code() > self.code() { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Exit; 6] = [
        Exit::Passed,
        Exit::Failed,
        Exit::Usage,
        Exit::NothingToRun,
        Exit::ReportNotWritten,
        Exit::Interrupted,
    ];

    #[test]
    fn the_table_of_the_readme_is_true() {
        let readme = include_str!("../../README.md");
        let rows: Vec<&str> = readme
            .lines()
            .skip_while(|line| !line.starts_with("## Exit status"))
            .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
            .collect();
        let expected: Vec<String> =
            ALL.iter().map(|exit| format!("| {} | {} |", exit.code(), exit.meaning())).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_help_names_every_status() {
        for exit in ALL {
            assert!(HELP.contains(&format!("{} ", exit.code())), "{exit:?}");
        }
    }

    #[test]
    fn the_highest_that_applies_wins() {
        assert_eq!(Exit::Failed.or(Exit::ReportNotWritten), Exit::ReportNotWritten);
        assert_eq!(Exit::NothingToRun.or(Exit::Failed), Exit::NothingToRun);
        assert_eq!(Exit::Interrupted.or(Exit::ReportNotWritten), Exit::Interrupted);
    }
}
