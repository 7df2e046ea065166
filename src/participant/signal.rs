//! The connection on which SFU and participant agree: LiveKit's messages over a WebSocket.

use std::error::Error as StdError;

use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol as proto;
use livekit_protocol::{signal_request, signal_response};
use prost::Message as _;
use reqwest::{Response, StatusCode, Upgraded, header};
use serde::Deserialize;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::relay::TurnServer;
use super::report::Server;
use crate::http;

/// Longer messages are refused; the room of a visit has two participants.
const LONGEST: usize = 1024 * 1024;

/// So much of a refusal is quoted, in bytes.
const LONGEST_REFUSAL: usize = 300;

/// The version of LiveKit's protocol that is spoken here.
const PROTOCOL: u8 = 15;

/// Why there is no session with the SFU.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// No token can be signed.
    #[error("no token can be made")]
    Token(#[source] Box<dyn StdError + Send + Sync>),
    /// Nobody answers.
    #[error("its signalling port does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// It says no.
    #[error("it answers {status}: {message}")]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// The beginning of what it says.
        message: String,
    },
    /// It answers, but not as a WebSocket server.
    #[error("something on the way lets no WebSocket through")]
    NoWebSocket,
    /// The connection broke off.
    #[error("the signalling connection broke off")]
    Lost(#[source] Box<dyn StdError + Send + Sync>),
    /// It said what is not in the protocol.
    #[error("it does not speak LiveKit's protocol")]
    Garbled,
    /// It let us in and put us out again.
    #[error("it ended the session: {0}")]
    Ended(String),
    /// It took too long.
    #[error("it did not let us in in time")]
    Late,
}

/// A session.
pub struct Signal {
    /// What the SFU says of itself.
    pub server: Server,
    /// The TURN servers that it names.
    pub turn: Vec<TurnServer>,
    socket: WebSocketStream<Upgraded>,
}

/// What the SFU says about the connection that we offer.
#[derive(Debug)]
pub enum Heard {
    /// Its answer, in SDP.
    Answer(String),
    /// An address that it is reached at, if there is one.
    Candidate {
        /// The address, in SDP.
        line: Option<String>,
        /// Whether there are no more.
        is_last: bool,
    },
    /// Nothing that concerns us.
    Other,
}

/// A candidate as browsers write it.
#[derive(Deserialize)]
struct Init {
    candidate: String,
}

impl Signal {
    /// Joins the room that the token is for.
    pub async fn join(base: &str, token: &str, until: Instant) -> Result<Self, SignalError> {
        let mut session = Self {
            server: Server::default(),
            turn: Vec::new(),
            socket: connect(base, token, until).await?,
        };
        match session.message().await? {
            signal_response::Message::Join(join) => {
                session.turn = turn_servers(&join);
                session.server = server(join);
                Ok(session)
            }
            _ => Err(SignalError::Garbled),
        }
    }

    /// Offers a connection for what we publish.
    pub async fn offer(&mut self, sdp: String) -> Result<(), SignalError> {
        let offer = proto::SessionDescription {
            r#type: "offer".to_owned(),
            sdp,
            id: 1,
            ..Default::default()
        };
        self.say(signal_request::Message::Offer(offer)).await
    }

    /// What the SFU says next. Nothing is lost when it is given up halfway.
    pub async fn next(&mut self) -> Result<Heard, SignalError> {
        Ok(match self.message().await? {
            signal_response::Message::Answer(answer) => Heard::Answer(answer.sdp),
            signal_response::Message::Trickle(trickle) => candidate(&trickle),
            _ => Heard::Other,
        })
    }

    /// Says good-bye.
    pub async fn leave(mut self) {
        let leave = proto::LeaveRequest {
            reason: proto::DisconnectReason::ClientInitiated.into(),
            action: proto::leave_request::Action::Disconnect.into(),
            ..Default::default()
        };
        // The SFU notices also when the connection ends.
        let _ = self.say(signal_request::Message::Leave(leave)).await;
        let _ = self.socket.close(None).await;
    }

    async fn say(&mut self, message: signal_request::Message) -> Result<(), SignalError> {
        let request = proto::SignalRequest {
            message: Some(message),
        };
        let message = Message::binary(request.encode_to_vec());
        self.socket.send(message).await.map_err(lost)
    }

    async fn message(&mut self) -> Result<signal_response::Message, SignalError> {
        loop {
            let received = match self.socket.next().await {
                Some(received) => received.map_err(lost)?,
                None => return Err(lost(tungstenite::Error::ConnectionClosed)),
            };
            let Message::Binary(bytes) = received else {
                continue;
            };
            let response =
                proto::SignalResponse::decode(bytes).map_err(|_| SignalError::Garbled)?;
            match response.message {
                Some(signal_response::Message::Leave(leave)) => {
                    let reason = leave.reason().as_str_name();
                    return Err(SignalError::Ended(reason.to_lowercase().replace('_', " ")));
                }
                Some(message) => return Ok(message),
                // Newer than our protocol.
                None => {}
            }
        }
    }
}

fn server(join: proto::JoinResponse) -> Server {
    let info = join.server_info.unwrap_or_default();
    Server {
        version: info.version,
        region: info.region,
        node_id: info.node_id,
    }
}

/// More of them are not asked.
const MOST_TURN: usize = 8;

fn turn_servers(join: &proto::JoinResponse) -> Vec<TurnServer> {
    let each = join.ice_servers.iter().flat_map(|server| {
        let urls = server.urls.iter().filter(|url| url.starts_with("turn"));
        urls.map(|url| TurnServer {
            url: url.clone(),
            username: server.username.clone(),
            credential: server.credential.as_str().into(),
        })
    });
    each.take(MOST_TURN).collect()
}

/// The connection that we do not offer, the one for what others publish, is none of our business.
fn candidate(trickle: &proto::TrickleRequest) -> Heard {
    if trickle.target() != proto::SignalTarget::Publisher {
        return Heard::Other;
    }
    let init: Option<Init> = serde_json::from_str(&trickle.candidate_init).ok();
    let line = init.map(|init| init.candidate).filter(|c| !c.is_empty());
    Heard::Candidate {
        line,
        is_last: trickle.r#final,
    }
}

fn lost(e: tungstenite::Error) -> SignalError {
    SignalError::Lost(e.into())
}

fn unreachable(e: reqwest::Error) -> SignalError {
    if e.is_timeout() {
        SignalError::Late
    } else {
        SignalError::Unreachable(e)
    }
}

/// A WebSocket on a connection of the client that all else of LiveKit is asked with: it knows TLS, where there is
/// need, and no proxy stands before this machine.
async fn connect(
    base: &str,
    token: &str,
    until: Instant,
) -> Result<WebSocketStream<Upgraded>, SignalError> {
    let patience = until.saturating_duration_since(Instant::now());
    let key = generate_key();
    let base = base.trim_end_matches('/');
    // The token is not in the address, where logs would show it.
    let answer = http::for_url(base, patience)
        .map_err(SignalError::Unreachable)?
        .get(format!("{base}/rtc?protocol={PROTOCOL}&auto_subscribe=0"))
        .bearer_auth(token)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, &key)
        .send()
        .await
        .map_err(unreachable)?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refusal(answer).await);
    }
    let accepted = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    if accepted.is_none_or(|accepted| accepted != &derive_accept_key(key.as_bytes())) {
        return Err(SignalError::NoWebSocket);
    }
    let upgraded = answer.upgrade().await.map_err(SignalError::Unreachable)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

async fn refusal(mut answer: Response) -> SignalError {
    let status = answer.status();
    let body = answer.chunk().await.ok().flatten().unwrap_or_default();
    let body = String::from_utf8_lossy(&body[..body.len().min(LONGEST_REFUSAL)]);
    let message = body.lines().next().unwrap_or_default().trim().to_owned();
    // LiveKit says 404 without a word to who asks for no WebSocket.
    let is_plain = status == StatusCode::NOT_FOUND && message.is_empty();
    if status.is_success() || status == StatusCode::UPGRADE_REQUIRED || is_plain {
        SignalError::NoWebSocket
    } else {
        SignalError::Refused { status, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(target: proto::SignalTarget, init: &str, is_last: bool) -> Heard {
        candidate(&proto::TrickleRequest {
            candidate_init: init.to_owned(),
            target: target.into(),
            r#final: is_last,
        })
    }

    #[test]
    fn candidates_of_our_own_connection_are_heard_the_last_one_too() {
        let init = r#"{"candidate":"candidate:1 1 udp 5 127.0.0.1 7 typ host","sdpMid":"0"}"#;
        for last in [false, true] {
            let Heard::Candidate { line, is_last } =
                heard(proto::SignalTarget::Publisher, init, last)
            else {
                panic!("{init} is not heard");
            };
            assert_eq!(
                line.as_deref(),
                Some("candidate:1 1 udp 5 127.0.0.1 7 typ host")
            );
            assert_eq!(is_last, last);
        }
        let other = heard(proto::SignalTarget::Subscriber, init, true);
        assert!(matches!(other, Heard::Other));
    }

    #[test]
    fn what_is_no_candidate_may_still_be_the_last() {
        for nonsense in [
            "",
            "null",
            "{}",
            "[1]",
            r#"{"candidate":7}"#,
            r#"{"candidate":""}"#,
        ] {
            let heard = heard(proto::SignalTarget::Publisher, nonsense, true);
            let (line, is_last) = (None::<String>, true);
            assert!(
                matches!(heard, Heard::Candidate { line: l, is_last: i } if l == line && i == is_last),
                "{nonsense}"
            );
        }
    }
}
