//! The process: parse, run, print the error, pick the exit code.

use std::error::Error as _;
use std::io::Write as _;
use std::process::ExitCode;

use urbania::cli;
use urbania::error::Error;
use urbania::output::{BAD, BOLD};

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(e) => return parse_failure(&e),
    };
    cli.color().write_global();
    urbania::logging::start(cli.verbosity(), cli.log_shape());
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::failed("cannot start the async runtime").because(e))
        .and_then(|runtime| runtime.block_on(cli.run()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            report(&e);
            ExitCode::from(e.exit() as u8)
        }
    }
}

/// clap answers `--help` and `--version` as errors with exit code 0.
fn parse_failure(e: &clap::Error) -> ExitCode {
    let _ = e.print();
    ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2))
}

/// `error: …`, its causes, then the hints.
fn report(e: &Error) {
    // Nobody is left to tell when stderr cannot be written to: the exit code says it.
    let mut err = anstream::stderr();
    let _ = writeln!(err, "{BAD}error{BAD:#}: {e}");
    let mut cause = e.source();
    while let Some(c) = cause {
        let _ = writeln!(err, "  cause: {c}");
        cause = c.source();
    }
    for hint in e.hints() {
        let _ = writeln!(err, "{BOLD}hint{BOLD:#}: {hint}");
    }
}
