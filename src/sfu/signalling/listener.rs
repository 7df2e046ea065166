//! Connections: accepted, bounded in number and in the time for a request's head. Nothing of a body is read before its
//! token is judged.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Uri;
use futures_util::future::select_all;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower_service::Service as _;

/// Time for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// More connections wait in the kernel. Those of participants count for as long as they are there.
const MOST: usize = 2048;
/// Pause after a failed accept: it fails for want of descriptors, which others must give back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The place of a connection: taken until nobody keeps it any more.
#[derive(Clone, Debug)]
pub struct Place(
    #[expect(dead_code, reason = "it counts by being there")] Arc<OwnedSemaphorePermit>,
);

/// Answers requests until `ending` is true. Those in flight are cut off by the end of the process.
pub async fn serve(listeners: Vec<TcpListener>, router: Router, ending: watch::Receiver<bool>) {
    serve_at_once(MOST, listeners, router, ending).await;
}

/// The same, with so many connections at once.
async fn serve_at_once(
    most: usize,
    listeners: Vec<TcpListener>,
    router: Router,
    mut ending: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(most));
    loop {
        let arrived = tokio::select! {
            arrived = arrival(&places, &listeners) => arrived,
            _ = ending.wait_for(|is_over| *is_over) => return,
        };
        match arrived {
            Ok((stream, place)) => {
                tokio::spawn(connection(stream, place, router.clone()));
            }
            Err(e) => {
                tracing::warn!("cannot accept a connection: {e}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The next connection, once there is a place for it.
async fn arrival(
    places: &Arc<Semaphore>,
    listeners: &[TcpListener],
) -> io::Result<(TcpStream, Place)> {
    let place = places.clone().acquire_owned().await;
    let place = Place(Arc::new(place.map_err(io::Error::other)?));
    let (stream, _) = accept(listeners).await?;
    Ok((stream, place))
}

async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    let accepting = listeners.iter().map(|listener| Box::pin(listener.accept()));
    select_all(accepting).await.0
}

/// Clients whose address of the SFU ends with a slash begin the path with two.
fn with_one_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path_and_query()?.as_str();
    path.strip_prefix('/')
        .filter(|rest| rest.starts_with('/'))?
        .parse()
        .ok()
}

/// A broken connection is the client's business. Whoever takes it over has its place with the request.
async fn connection(stream: TcpStream, place: Place, router: Router) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let mut router = router.clone();
        if let Some(uri) = with_one_slash(request.uri()) {
            *request.uri_mut() = uri;
        }
        request.extensions_mut().insert(place.clone());
        async move {
            Ok::<_, Infallible>(
                router
                    .call(request.map(Body::new))
                    .await
                    .unwrap_or_else(|e| match e {}),
            )
        }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use futures_util::{SinkExt as _, StreamExt as _};
    use livekit_protocol as proto;
    use livekit_protocol::signal_request::Message as Asked;
    use prost::Message as _;
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::mpsc;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::{WebSocketStream, client_async};

    use super::*;
    use crate::context::Clock;
    use crate::jwt::Hs256;
    use crate::livekit::keys::KeyPair;
    use crate::sfu::command::{Command, Handle};
    use crate::sfu::outbox::Letter;
    use crate::sfu::refusals::Refusals;
    use crate::sfu::rooms::Who;
    use crate::sfu::signalling::{Floor, Keys, router};

    #[test]
    fn a_second_slash_is_left_out() {
        let changed = |uri: &str| with_one_slash(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(changed("//rtc?a=//b").as_deref(), Some("/rtc?a=//b"));
        assert_eq!(
            [changed("/rtc//v1"), changed("/"), changed("/?//")],
            [None, None, None]
        );
    }

    /// Lets everybody in, and answers a word with a word.
    async fn lets_in(mut commands: mpsc::Receiver<Command>) {
        let mut outboxes = HashMap::new();
        while let Some(command) = commands.recv().await {
            match command {
                Command::Join(join) => {
                    let who = Who(outboxes.len() as u64);
                    outboxes.insert(who, join.outbox);
                    join.answer.send(Ok(who)).unwrap();
                }
                Command::Frame(who, _) => {
                    let bytes = vec![1].into();
                    outboxes[&who].put(Letter { bytes, about: None }).unwrap();
                }
                _ => {}
            }
        }
    }

    /// A port with one place, and a token for it.
    async fn one_place() -> (SocketAddr, String, watch::Sender<bool>, JoinHandle<()>) {
        let pair = KeyPair::documented();
        let claims =
            json!({"iss": pair.key, "sub": "anna", "video": {"room": "r", "roomJoin": true}});
        let token = Hs256::new(&pair.secret).sign(&claims).unwrap();
        let (commands, received) = mpsc::channel(9);
        tokio::spawn(lets_in(received));
        let floor = Floor {
            keys: Keys::new(&[pair], Clock::system()),
            hub: Handle(commands),
            refusals: Refusals::new(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ending) = watch::channel(false);
        let serving = tokio::spawn(serve_at_once(1, vec![listener], router(floor), ending));
        (address, token, end, serving)
    }

    async fn comes(address: SocketAddr, token: &str) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(address).await.unwrap();
        let url = format!("ws://{address}/rtc?access_token={token}");
        client_async(url, stream).await.unwrap().0
    }

    async fn is_answered(socket: &mut WebSocketStream<TcpStream>) {
        let ping = proto::SignalRequest {
            message: Some(Asked::Ping(1)),
        };
        let frame = Message::binary(ping.encode_to_vec());
        socket.send(frame).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap().is_binary());
    }

    /// The answer to a request.
    async fn asks(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn who_is_in_a_call_has_a_place_and_gives_it_back() {
        let (address, token, _end, _serving) = one_place().await;
        let mut call = comes(address, &token).await;
        let asked = tokio::spawn(asks(address));
        for _ in 0..200 {
            is_answered(&mut call).await;
        }
        assert!(!asked.is_finished(), "there is one place, and it is taken");
        drop(call);
        let answer = timeout(HEAD, asked).await.expect("an answer").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn the_end_comes_also_where_every_place_is_taken() {
        let (address, token, end, serving) = one_place().await;
        let mut call = comes(address, &token).await;
        is_answered(&mut call).await;
        end.send(true).unwrap();
        timeout(HEAD, serving).await.expect("it ends").unwrap();
    }
}
