//! The process: binds everything, says so, serves until it is told to end.

use std::net::IpAddr;
use std::time::Instant;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::{mpsc, watch};

use super::command::Handle;
use super::config::SfuConfig;
use super::hub::Hub;
use super::media::{Media, Network};
use super::refusals::Refusals;
use super::rooms::World;
use super::signalling::{self, Floor, Keys};
use super::sockets::{bind_signalling, bind_tcp, bind_udp};
use super::webhooks::Webhooks;
use crate::context::Clock;
use crate::error::Result;

/// Requests that wait for the hub; more wait with those who make them.
const COMMANDS: usize = 256;

/// Serves until `ending` is true.
pub async fn run(clock: Clock, config: SfuConfig, ending: watch::Receiver<bool>) -> Result<()> {
    let listeners = bind_signalling(&config.addresses, config.port)?;
    let (port, udp) = bind_udp(&config.media)?;
    let tcp = bind_tcp(&config.media)?;
    tracing::info!(
        "starting embedded SFU: signalling on {}, media on {port}/udp and {}/tcp at {}",
        config.port,
        config
            .media
            .tcp
            .map_or("no".into(), |port| port.to_string()),
        list(&config.media.addresses),
    );
    let (network, arrivals) = Network::start(udp, tcp);
    let world = World::new(config.rooms, StdRng::from_rng(&mut rand::rng()))
        .with_listeners(config.webhook.is_some());
    let webhooks = config
        .webhook
        .map(|webhook| Webhooks::start(&webhook, clock.clone()));
    let media = Media::new(network, Instant::now());
    let refusals = Refusals::new();
    let hub = Hub::new(
        world,
        media,
        refusals.clone(),
        webhooks,
        clock.clone(),
        config.region,
    );
    let (commands, received) = mpsc::channel(COMMANDS);
    let floor = Floor {
        keys: Keys::new(&config.keys, clock),
        hub: Handle(commands),
        refusals,
    };
    let serving = signalling::serve(listeners, signalling::router(floor), ending.clone());
    tokio::join!(serving, hub.run(received, arrivals, ending));
    Ok(())
}

fn list(addresses: &[IpAddr]) -> String {
    let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
