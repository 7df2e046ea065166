//! The hidden first step of every detached process.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::context::Context;
use crate::error::Result;
use crate::host::process;

/// Write a pid file, then become a program
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The pid file
    pid_file: PathBuf,
    /// The program
    program: PathBuf,
    /// Its arguments
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// Returns only when that fails.
pub async fn run(_ctx: &Context, args: Args) -> Result<()> {
    Err(process::become_program(
        &args.pid_file,
        &args.program,
        &args.arguments,
    ))
}
