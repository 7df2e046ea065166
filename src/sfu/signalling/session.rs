//! The signalling connection of one participant.

use std::error::Error as _;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use livekit_protocol as proto;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;

use crate::sfu::command::{Command, Handle};
use crate::sfu::rooms::Who;

/// Longer frames end the connection.
pub const LONGEST: usize = 512 * 1024;
/// Messages that wait for a client that does not read; who lets more wait is put out.
pub const OUTBOX: usize = 512;
/// A client that says nothing for so long is gone: it sends a sign of life every five seconds.
const SILENCE: Duration = Duration::from_secs(17);
/// Time for a client to take a message.
const PATIENCE: Duration = Duration::from_secs(5);

/// Carries messages both ways until one side ends it.
pub async fn run(socket: WebSocket, who: Who, hub: Handle, outbox: mpsc::Receiver<Vec<u8>>) {
    carry(socket, who, &hub, outbox).await;
    let _ = hub.0.send(Command::Gone(who)).await;
}

async fn carry(mut socket: WebSocket, who: Who, hub: &Handle, mut outbox: mpsc::Receiver<Vec<u8>>) {
    let mut silent = Box::pin(tokio::time::sleep(SILENCE));
    loop {
        tokio::select! {
            message = outbox.recv() => {
                let Some(message) = message else {
                    // All is said.
                    let _ = timeout(PATIENCE, socket.send(Message::Close(None))).await;
                    return;
                };
                let sent = timeout(PATIENCE, socket.send(Message::Binary(message.into()))).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
            received = socket.recv() => {
                silent.as_mut().reset(tokio::time::Instant::now() + SILENCE);
                let command = match received {
                    Some(Ok(Message::Binary(bytes))) => command(who, bytes),
                    Some(Ok(Message::Text(_))) => Some(Command::Nonsense(who, "text")),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    Some(Err(e)) if is_too_long(&e) => {
                        let _ = hub.0.send(Command::Nonsense(who, "a frame that is too long")).await;
                        return;
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                if let Some(command) = command
                    && hub.0.send(command).await.is_err()
                {
                    return;
                }
            }
            () = &mut silent => return,
        }
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
