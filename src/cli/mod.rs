//! The program: arguments, settings, wiring, exit status. Only this module prints, reads the environment, or ends the
//! process.

mod args;
mod capacity;
mod exit;
mod list;
mod output;
mod settings;
mod test;
mod types;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use self::args::Args;
use self::exit::Exit;
use self::settings::Settings;
use crate::diagnostic::Diagnostic;
use crate::report::terminal;

/// Runs the program with `args`, the first of which is its name. Returns its exit status.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` come as errors too, with status 0. A closed pipe is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Passed.into() };
        }
    };
    let color_errors = settings::color(args.color, settings::Stream::Err);
    let result = Settings::resolve(args).and_then(|settings| match (&settings.write_types, settings.list) {
        (Some(folder), _) => Ok(types::run(&settings, folder)),
        (None, Some(format)) => list::run(&settings, format),
        (None, None) => test::run(settings),
    });
    match result {
        Ok(exit) => exit.into(),
        Err(diagnostics) => {
            tell(&diagnostics, color_errors);
            Exit::Usage.into()
        }
    }
}

/// Prints diagnostics to stderr.
fn tell(diagnostics: &[Diagnostic], color: bool) {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&terminal::diagnostic(diagnostic, color));
        text.push('\n');
    }
    // When stderr is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
