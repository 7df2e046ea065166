//! `urbania ports`.

use crate::context::Context;
use crate::error::{Error, Result};

/// Show who holds the ports that the project needs
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub async fn run(_ctx: &Context, _args: Args) -> Result<()> {
    Err(Error::failed("not built yet"))
}
