//! `urbania serve`.

use crate::context::Context;
use crate::error::{Error, Result};

/// Run the token API in the foreground
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub async fn run(_ctx: &Context, _args: Args) -> Result<()> {
    Err(Error::failed("not built yet"))
}
