//! Chromium's DevTools protocol: requests and their answers over one WebSocket. A dozen commands are needed here, and
//! no events.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Longer messages are refused; a screenshot is the longest.
const LONGEST: usize = 64 << 20;

/// Requests that wait to be sent.
const QUEUE: usize = 64;

/// How long most answers may take on a machine that has much to do.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DevToolsError {
    /// The connection does not come about.
    #[error("cannot connect to the browser")]
    Connect(#[source] tungstenite::Error),
    /// The browser has ended, or its connection.
    #[error("the browser has ended")]
    Gone,
    /// It takes too long.
    #[error("the browser does not answer `{0}`")]
    Late(String),
    /// The browser says no.
    #[error("the browser refuses `{method}`: {message}")]
    Refused {
        /// What was asked.
        method: String,
        /// Its words.
        message: String,
    },
    /// The page's own code failed.
    #[error("{0}")]
    Page(String),
    /// The answer is not what it must be.
    #[error("the browser's answer is not understood")]
    Garbled(#[from] serde_json::Error),
}

/// A connection; its copies share it.
#[derive(Clone, Debug)]
pub struct DevTools(mpsc::Sender<Request>);

#[derive(Debug)]
struct Request {
    message: Value,
    answer: oneshot::Sender<Answer>,
}

/// What the browser says: an answer has the id of its request, an event has none.
#[derive(Debug, Deserialize)]
struct Said {
    id: Option<u64>,
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    result: Value,
    error: Option<Complaint>,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    message: String,
}

impl DevTools {
    /// Connects to the browser that listens there.
    pub async fn connect(address: SocketAddr, path: &str) -> Result<Self, DevToolsError> {
        let url = format!("ws://{address}{path}");
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        let connected = async {
            let stream = TcpStream::connect(address).await?;
            client_async_with_config(url, stream, Some(config)).await
        };
        let (socket, _) = timeout(PATIENCE, connected)
            .await
            .map_err(|_| DevToolsError::Late("connect".into()))?
            .map_err(DevToolsError::Connect)?;
        let (requests, queue) = mpsc::channel(QUEUE);
        tokio::spawn(carry(socket, queue));
        Ok(Self(requests))
    }

    /// Asks the browser, or a page by the session with it.
    pub async fn ask(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: Value,
        patience: Duration,
    ) -> Result<Value, DevToolsError> {
        let mut message = json!({"method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (answer, answered) = oneshot::channel();
        let request = Request { message, answer };
        self.0
            .send(request)
            .await
            .map_err(|_| DevToolsError::Gone)?;
        let answer = timeout(patience, answered)
            .await
            .map_err(|_| DevToolsError::Late(method.to_owned()))?
            .map_err(|_| DevToolsError::Gone)?;
        match answer.error {
            Some(Complaint { message }) => Err(DevToolsError::Refused {
                method: method.to_owned(),
                message,
            }),
            None => Ok(answer.result),
        }
    }
}

/// Carries requests there and answers back, until either side is gone.
async fn carry(mut socket: WebSocketStream<TcpStream>, mut queue: mpsc::Receiver<Request>) {
    let mut waiting: HashMap<u64, oneshot::Sender<Answer>> = HashMap::new();
    let mut id = 0;
    loop {
        tokio::select! {
            request = queue.recv() => {
                let Some(Request { mut message, answer }) = request else { return };
                id += 1;
                message["id"] = id.into();
                waiting.insert(id, answer);
                if socket.send(Message::text(message.to_string())).await.is_err() {
                    return;
                }
            }
            said = socket.next() => {
                let Some(Ok(said)) = said else { return };
                let Message::Text(text) = said else { continue };
                let Ok(said) = serde_json::from_str::<Said>(&text) else { continue };
                if let Some(asked) = said.id.and_then(|id| waiting.remove(&id)) {
                    // Whoever asked may have lost patience.
                    let _ = asked.send(said.answer);
                }
            }
        }
    }
}
