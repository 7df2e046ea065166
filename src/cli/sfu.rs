//! `urbania sfu`: hidden, and documented in docs/embedded.md.

use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};

use crate::context::Context;
use crate::error::{Context as _, Result};
use crate::sfu::{self, SfuConfig};

/// Run the embedded SFU in the foreground
///
/// For development and tests: production is LiveKit. The first SIGTERM or SIGINT says good-bye to all
/// participants, a second one ends it at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The livekit.yaml that it is started with
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Serves until it is told to end.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let listen = |kind| signal(kind).or_fail(|| "cannot listen for signals".into());
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let config = SfuConfig::read(&args.config)?;
    if let Some(unheeded) = &config.unheeded {
        tracing::warn!("{unheeded}");
    }
    let mut told = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let (end, ending) = tokio::sync::watch::channel(false);
    let serving = sfu::run(ctx.clock.clone(), config, ending);
    let signals = async {
        told().await;
        end.send_replace(true);
        told().await;
    };
    tokio::select! {
        served = serving => served?,
        () = signals => {}
    }
    tracing::info!("ended");
    Ok(())
}
