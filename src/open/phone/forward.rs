//! A request of a guest, brought to a server of this machine and its answer back, WebSockets too.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::client::conn::http1;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::door::Guest;
use crate::api::BY_WAY_OF;

/// A server of this machine answers within this: the API itself gives up before.
const PATIENCE: Duration = Duration::from_secs(20);

/// What only this process may say to the servers behind it, and what is between two neighbours alone.
const NOT_THE_GUESTS: [HeaderName; 12] = [
    BY_WAY_OF,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    header::FORWARDED,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::CONNECTION,
    header::UPGRADE,
];

/// A server of this machine.
#[derive(Clone, Debug)]
pub struct Server {
    /// `127.0.0.1:8000`.
    pub address: HeaderValue,
    /// What it is told about the way.
    pub way: Option<HeaderValue>,
}

impl Server {
    /// Its answer; `None` when there is none.
    pub async fn ask(&self, guest: Guest, mut request: Request) -> Option<Response> {
        let upgrade = wanted_upgrade(&mut request);
        self.prepare(guest, &mut request, upgrade.is_some())?;
        let address = self.address.to_str().ok()?;
        let stream = timeout(PATIENCE, TcpStream::connect(address))
            .await
            .ok()?
            .ok()?;
        let _ = stream.set_nodelay(true);
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection.with_upgrades());
        let answer = timeout(PATIENCE, sender.send_request(request))
            .await
            .ok()?
            .ok()?;
        let mut answer = answer.map(Body::new);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let (ours, theirs) = (upgrade?, hyper::upgrade::on(&mut answer));
            tokio::spawn(join(ours, theirs));
        }
        Some(answer)
    }

    /// Makes the request one of this process.
    fn prepare(&self, Guest(ip): Guest, request: &mut Request, upgrades: bool) -> Option<()> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", PathAndQuery::as_str);
        *request.uri_mut() = path.parse::<Uri>().ok()?;
        let headers = request.headers_mut();
        for name in &NOT_THE_GUESTS {
            headers.remove(name);
        }
        headers.insert(header::HOST, self.address.clone());
        let ip = HeaderValue::from_str(&ip.to_string()).ok()?;
        headers.insert("x-forwarded-for", ip);
        if let Some(way) = &self.way {
            headers.insert(BY_WAY_OF, way.clone());
        }
        if upgrades {
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        Some(())
    }
}

/// The guest's side of a WebSocket that is asked for.
fn wanted_upgrade(request: &mut Request) -> Option<OnUpgrade> {
    let is_asked_for = is_websocket(request.headers());
    is_asked_for.then(|| hyper::upgrade::on(request))
}

fn is_websocket(headers: &HeaderMap) -> bool {
    let upgrade = headers
        .get(header::UPGRADE)
        .and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|to| to.eq_ignore_ascii_case("websocket"))
}

/// Passes on what comes from either side until one of them is gone.
async fn join(ours: OnUpgrade, theirs: OnUpgrade) {
    if let (Ok(ours), Ok(theirs)) = tokio::join!(ours, theirs) {
        let _ = copy_bidirectional(&mut TokioIo::new(ours), &mut TokioIo::new(theirs)).await;
    }
}
