//! Exit statuses.

use std::process::ExitCode;

use crate::diagnostic::Diagnostic;

/// The end of `--help`.
pub(super) const HELP: &str = "\
Exit status: 0 all passed; 1 something failed; 2 wrong arguments or configuration; 6 a source
could not be fetched; 8 nothing to run; 9 a report could not be written; 130 interrupted.
`render` and `check` tell more of what failed: 3, 4 and 7, see their --help.";

/// The end of `--help` of the commands that are about entries.
pub(super) const ENTRY_HELP: &str = "\
Exit status: 0 all passed; of the first entry that failed: 3 it does not compile, 4 it threw or
could not be loaded, 7 it breaks the build contract or a resource is not valid; 2 wrong
arguments or configuration; 6 a source could not be fetched; 8 there are no entries; 9 a file
could not be written; 130 interrupted.";

/// The end of `--help` of `gen`.
pub(super) const GEN_HELP: &str = "\
Exit status: 0 all is written; 2 wrong arguments or configuration; 5 the types of a project
could not be generated or written; 6 a source could not be fetched.";

/// The end of `--help` of `outdated`.
pub(super) const OUTDATED_HELP: &str = "\
Exit status: 0 every source could be asked, whether or not it is outdated; 1 with --exit-code,
something is outdated; 2 wrong arguments or configuration; 6 a source could not be asked.";

/// The end of `--help` of `update`.
pub(super) const UPDATE_HELP: &str = "\
Exit status: 0 all is written; 1 with --diff, an entry failed after the update; 2 wrong
arguments or configuration; 6 a source could not be fetched, and nothing was written; 9 a file
could not be written.";

/// The end of `--help` of `merge`.
pub(super) const MERGE_HELP: &str = "\
Exit status: that of one run of everything: 0 all passed; 1 something failed; 8 nothing to run;
9 a report could not be written; 130 a shard was interrupted. And 2: the reports are not those
of all shards of one run.";

/// How the program ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything that ran passed.
    #[default]
    Passed,
    /// A case or a file failed, or husako-ci itself did.
    Failed,
    /// The arguments or the configuration are wrong; nothing ran.
    Usage,
    /// `render`, `check`: an entry does not compile.
    Compile,
    /// `render`, `check`: an entry threw, could not be loaded, or reached a limit.
    Runtime,
    /// `render`, `check`: an entry breaks the build contract, or renders what is not valid.
    Invalid,
    /// `gen`: the types of a project could not be generated.
    Types,
    /// A schema, chart or plugin could not be fetched, or may not be; nothing ran.
    Fetch,
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
            Exit::Compile => 3,
            Exit::Runtime => 4,
            Exit::Types => 5,
            Exit::Fetch => 6,
            Exit::Invalid => 7,
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
            Exit::Failed => {
                "a case, a file or an entry failed, less ran than `--coverage-min` asks for, or husako-ci itself failed"
            }
            Exit::Usage => "the arguments or the configuration are wrong; nothing ran",
            Exit::Compile => "`render` and `check`: the first entry that failed does not compile",
            Exit::Runtime => "`render` and `check`: it threw, could not be loaded, or reached a limit",
            Exit::Invalid => "`render` and `check`: it breaks the build contract, or a resource is not valid",
            Exit::Types => "`gen`: the types of a project could not be generated or written",
            Exit::Fetch => {
                "a schema, chart or plugin could not be fetched, or is not what `husako.lock` says; nothing ran"
            }
            Exit::NothingToRun => "nothing was found to run (see `--no-tests`)",
            Exit::ReportNotWritten => "a report or a snapshot that was asked for could not be written",
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

/// Why a command ends before anything runs.
#[derive(Debug)]
pub(super) struct Stop {
    /// The status that it ends with.
    pub(super) exit: Exit,
    /// What there is to tell.
    pub(super) told: Vec<Diagnostic>,
}

/// The arguments or the configuration are wrong.
impl From<Vec<Diagnostic>> for Stop {
    fn from(told: Vec<Diagnostic>) -> Stop {
        Stop { exit: Exit::Usage, told }
    }
}

impl From<Diagnostic> for Stop {
    fn from(told: Diagnostic) -> Stop {
        vec![told].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Exit; 11] = [
        Exit::Passed,
        Exit::Failed,
        Exit::Usage,
        Exit::Compile,
        Exit::Runtime,
        Exit::Types,
        Exit::Fetch,
        Exit::Invalid,
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
            let told = format!("{} ", exit.code());
            let helps = [HELP, ENTRY_HELP, GEN_HELP];
            assert!(helps.iter().any(|help| help.contains(&told)), "{exit:?}");
        }
    }

    #[test]
    fn the_highest_that_applies_wins() {
        assert_eq!(Exit::Failed.or(Exit::ReportNotWritten), Exit::ReportNotWritten);
        assert_eq!(Exit::NothingToRun.or(Exit::Failed), Exit::NothingToRun);
        assert_eq!(Exit::Interrupted.or(Exit::ReportNotWritten), Exit::Interrupted);
    }
}
