//! Diagnostics on stderr, off unless asked for with `-v`.

use std::io;

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The shape of diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// For whoever waits for the command: without a time.
    Talk,
    /// For whoever reads them later: with the time in front.
    Log,
    /// The same for machines: one object a line.
    Json,
}

/// Starts the subscriber: warnings of our own, more with each `-v`. Libraries stay at warnings:
/// their debug output may quote what they carry. The global choice of colours must have been made.
pub fn start(verbosity: u8, shape: Shape) {
    let ours = match verbosity {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let targets = Targets::new()
        .with_default(LevelFilter::WARN)
        // Its warnings are about what the other side does.
        .with_target("str0m", LevelFilter::ERROR)
        // What a TURN server refuses is judged, and told, where it is asked.
        .with_target("turn_client_proto", LevelFilter::ERROR)
        .with_target("urbania", ours);
    let format = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        .with_target(false);
    let registry = tracing_subscriber::registry().with(targets);
    // A second start (tests) keeps the first subscriber.
    let _ = match shape {
        Shape::Talk => registry.with(format.without_time()).try_init(),
        Shape::Log => registry.with(format).try_init(),
        Shape::Json => {
            let machines = tracing_subscriber::fmt::layer().json().flatten_event(true);
            registry.with(machines.with_writer(io::stderr)).try_init()
        }
    };
}
