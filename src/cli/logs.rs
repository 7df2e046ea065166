//! `urbania logs`.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::stack::interrupt::Interrupt;
use crate::stack::service::Service;
use crate::stack::site::Site;

/// Show the services' logs
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub async fn run(_ctx: &Context, _args: Args) -> Result<()> {
    Err(Error::failed("not built yet"))
}

/// Shows all logs until somebody asks to stop.
pub async fn follow_until(
    _ctx: &Context,
    _site: &Site,
    _services: &[Service],
    interrupt: &Interrupt,
) -> Result<()> {
    interrupt.requested().await;
    Ok(())
}
