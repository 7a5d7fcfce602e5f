//! The `husako-ci` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    husako_ci::run(std::env::args_os())
}
