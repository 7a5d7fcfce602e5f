//! The program: arguments, settings, wiring, exit status. Only this module prints, reads the environment, or ends the
//! process.

mod actions;
mod args;
mod cache;
mod capacity;
mod changed;
mod changes;
mod comment;
mod coverage;
mod exit;
mod r#gen;
mod list;
mod merge;
mod outdated;
mod output;
mod render;
mod run;
mod settings;
mod shard;
mod snapshots;
mod sources;
mod test;
mod timings;
mod typecheck;
mod types;
mod update;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use self::args::{Args, CheckArgs, Command, RenderArgs};
use self::exit::{Exit, Stop};
use self::settings::Settings;
use self::test::Show;
use crate::diagnostic::Diagnostic;
use crate::report::terminal;

/// Runs the program with `args`, the first of which is its name. Returns its exit status.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::read(args) {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` come as errors too, with status 0. A closed pipe is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Passed.into() };
        }
    };
    let color_errors = settings::color(args.color(), settings::Stream::Err);
    match command(args) {
        Ok(exit) => exit.into(),
        Err(Stop { exit, told }) => {
            tell(&told, color_errors);
            exit.into()
        }
    }
}

fn command(args: Args) -> Result<Exit, Stop> {
    match args.command {
        None => {
            let settings = Settings::resolve(args.run.common.clone(), &args.run.paths)?;
            if let Some(folder) = &args.run.write_types {
                return Ok(types::run(&settings, folder));
            }
            let list = args.run.list;
            let selection = settings.select(args.run)?;
            match list {
                Some(format) => Ok(list::run(&settings, &selection, format)?),
                None => test::run(&settings, &selection, Show::Everything),
            }
        }
        Some(Command::Diff(args)) => {
            let show = Show::Changes { format: args.format, exit_code: args.exit_code };
            let args = args.run();
            let settings = Settings::resolve(args.common.clone(), &args.paths)?;
            let selection = settings.select(args)?;
            test::run(&settings, &selection, show)
        }
        Some(Command::Comment(args)) => Ok(comment::run(&args)?),
        Some(Command::Gen(args)) => r#gen::run(args),
        Some(Command::Outdated(args)) => outdated::run(args),
        Some(Command::Update(args)) => update::run(args),
        Some(Command::Cache(args)) => sources::print_folder(&Settings::resolve(args.common, &[])?),
        Some(Command::Merge(args)) => Ok(merge::run(args)?),
        Some(Command::Render(RenderArgs { targets, all: _, output, common })) => {
            render::render(&Settings::resolve(common, &targets)?, &targets, output.as_deref())
        }
        Some(Command::Check(CheckArgs { targets, all: _, common })) => {
            render::check(&Settings::resolve(common, &targets)?, &targets)
        }
    }
}

/// Prints what somebody who asked for it may want to know, unless nothing but failures is to be told.
fn note(settings: &Settings, text: &str) {
    if settings.verbosity != terminal::Verbosity::Quiet {
        // Who has closed it does not want to know.
        let _ = writeln!(std::io::stderr(), "{text}");
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
