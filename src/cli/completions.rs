//! `urbania completions`.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::context::Context;
use crate::error::Result;

/// Print the completion script of a shell
///
/// bash: `urbania completions bash > /etc/bash_completion.d/urbania`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Writes the script to stdout.
pub async fn run(_ctx: &Context, args: Args) -> Result<()> {
    clap_complete::generate(
        args.shell,
        &mut super::Cli::command(),
        "urbania",
        &mut io::stdout(),
    );
    Ok(())
}
