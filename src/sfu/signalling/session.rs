//! The signalling connection of one participant.

use std::error::Error as _;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol as proto;
use prost::Message as _;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite;

use super::pace::Pace;
use crate::sfu::command::{Command, Handle};
use crate::sfu::outbox::Letters;
use crate::sfu::rooms::Who;

/// Longer frames end the connection, as LiveKit's do: metadata of 512 KiB fits, whatever else comes with it.
pub const LONGEST: usize = 2 * 1024 * 1024;
/// A client that says nothing for so long is gone: it sends a sign of life every five seconds.
const SILENCE: Duration = Duration::from_secs(17);
/// Time for a client to take a message,
const PATIENCE: Duration = Duration::from_secs(5);
/// and one second more for so many bytes of it.
const SLOWEST: usize = 32 * 1024;

/// Carries messages both ways until one side ends it.
pub async fn run(socket: WebSocket, who: Who, hub: Handle, letters: Letters) {
    let (to, from) = socket.split();
    tokio::select! {
        () = tell(to, letters) => {}
        () = listen(from, who, &hub) => {}
    }
    let _ = hub.0.send(Command::Gone(who)).await;
}

/// Says what there is to be said, as long as the client takes it.
async fn tell(mut to: SplitSink<WebSocket, Message>, mut letters: Letters) {
    while let Some(bytes) = letters.next().await {
        let sent = timeout(patience(bytes.len()), to.send(Message::Binary(bytes))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
    // All is said.
    let _ = timeout(PATIENCE, to.send(Message::Close(None))).await;
}

/// Time for a client to take so many bytes.
fn patience(bytes: usize) -> Duration {
    let more = u32::try_from(bytes / SLOWEST).unwrap_or(u32::MAX);
    PATIENCE + Duration::from_secs(more.into())
}

/// Hands on what the client asks, at its pace.
async fn listen(mut from: SplitStream<WebSocket>, who: Who, hub: &Handle) {
    let mut pace = Pace::new(Instant::now());
    while let Ok(Some(received)) = timeout(SILENCE, from.next()).await {
        let bytes = received.as_ref().map_or(0, length);
        let command = match received {
            Ok(Message::Binary(bytes)) => command(who, bytes),
            Ok(Message::Text(_)) => Some(Command::Nonsense(who, "text")),
            Ok(Message::Ping(_) | Message::Pong(_)) => None,
            Err(e) if is_too_long(&e) => {
                let nonsense = Command::Nonsense(who, "a frame that is too long");
                let _ = hub.0.send(nonsense).await;
                return;
            }
            Ok(Message::Close(_)) | Err(_) => return,
        };
        if let Some(command) = command
            && hub.0.send(command).await.is_err()
        {
            return;
        }
        // Nothing is read meanwhile: what comes waits with the client.
        sleep_until(pace.spend(bytes, Instant::now()).into()).await;
    }
}

fn length(message: &Message) -> usize {
    match message {
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Text(text) => text.len(),
        Message::Close(_) => 0,
    }
}

/// Whether a connection ended with a frame over the limit.
fn is_too_long(e: &axum::Error) -> bool {
    let cause = e.source().and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}

/// What a frame asks to be done; nothing, where it is of a newer protocol.
pub fn command(who: Who, bytes: Bytes) -> Option<Command> {
    match proto::SignalRequest::decode(bytes) {
        Ok(proto::SignalRequest { message: None }) => None,
        Ok(proto::SignalRequest {
            message: Some(asked),
        }) => Some(Command::Frame(who, Box::new(asked))),
        Err(_) => Some(Command::Nonsense(who, "a frame that is no request")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_has_more_time() {
        let seconds = [0, 1_000, 500_000, LONGEST].map(|bytes| patience(bytes).as_secs());
        assert_eq!(seconds, [5, 5, 20, 69]);
    }
}
