//! `urbania restart`.

use crate::context::Context;
use crate::error::{Error, Result};

/// Stop and start services
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub async fn run(_ctx: &Context, _args: Args) -> Result<()> {
    Err(Error::failed("not built yet"))
}
