//! `urbania up`.

use crate::context::Context;
use crate::error::{Error, Result};

/// Start everything and wait until it is healthy
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub async fn run(_ctx: &Context, _args: Args) -> Result<()> {
    Err(Error::failed("not built yet"))
}
