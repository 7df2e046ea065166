//! Who comes to the door: taken in one by one, within bounds, over TLS or to the page about the certificate.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::routes::{Inside, routes};
use super::{Authority, certificate_page};
use crate::context::Clock;
use crate::error::{Context as _, Error, Result};

/// More connections wait outside. A phone in a call has some six.
const MOST: usize = 200;
/// Time for the first byte, and for TLS.
const GREETING: Duration = Duration::from_secs(10);
/// Time for the head of a request, also of the next one on an idle connection.
const HEAD: Duration = Duration::from_mins(1);
/// Pause after a failed accept: it fails for want of descriptors, which others must give back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A certificate of the door is shown for so long, then another one is made.
const FRESH_SECONDS: i64 = 24 * 3600;
/// The first byte of TLS.
const HANDSHAKE: u8 = 0x16;

/// Where a request at the door came from.
#[derive(Clone, Copy, Debug)]
pub struct Guest(pub IpAddr);

/// The door, listening.
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    authority: Authority,
    clock: Clock,
    shown: (Timestamp, Arc<ServerConfig>),
    inside: Router,
    outside: Router,
}

impl Door {
    /// Opens it at this address.
    pub async fn open(
        address: SocketAddr,
        authority: Authority,
        inside: Inside,
        clock: Clock,
    ) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|e| cannot_listen(address, e))?;
        let address = listener
            .local_addr()
            .or_fail(|| "cannot tell the own address".into())?;
        let now = clock.now();
        Ok(Self {
            shown: (now, authority.door_of(address.ip(), now)?),
            outside: certificate_page::routes(&authority, address)?,
            inside: routes(inside),
            listener,
            address,
            authority,
            clock,
        })
    }

    /// Takes people in until it is dropped, and all of them go with it.
    pub async fn keep(mut self) -> Infallible {
        let mut guests = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept(), if guests.len() < MOST => accepted,
                Some(_) = guests.join_next() => continue,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let guest = Guest(peer.ip().to_canonical());
                    let config = self.certificate();
                    guests.spawn(take_in(
                        stream,
                        guest,
                        config,
                        self.inside.clone(),
                        self.outside.clone(),
                    ));
                }
                Err(e) => {
                    tracing::warn!("cannot accept a connection: {e}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn certificate(&mut self) -> Arc<ServerConfig> {
        let now = self.clock.now();
        if now.as_second() - self.shown.0.as_second() >= FRESH_SECONDS {
            match self.authority.door_of(self.address.ip(), now) {
                Ok(config) => self.shown = (now, config),
                // The one before is good for days.
                Err(e) => tracing::warn!("{e}"),
            }
        }
        self.shown.1.clone()
    }
}

fn cannot_listen(address: SocketAddr, e: std::io::Error) -> Error {
    let (ip, port) = (address.ip(), address.port());
    match e.kind() {
        std::io::ErrorKind::AddrInUse => Error::problem(format!(
            "port {port} is taken: cannot listen on `{address}`"
        ))
        .hint(format!("urbania ports {port}   shows who holds it"))
        .hint("--port takes another one"),
        std::io::ErrorKind::AddrNotAvailable => {
            Error::usage(format!("this machine does not have the address `{ip}`"))
                .hint("ip -brief address   shows those that it has")
        }
        _ => Error::failed(format!("cannot listen on `{address}`")).because(e),
    }
}

/// Serves one connection to its end; a broken one is the guest's business.
async fn take_in(
    stream: TcpStream,
    guest: Guest,
    config: Arc<ServerConfig>,
    inside: Router,
    outside: Router,
) {
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match timeout(GREETING, stream.peek(&mut first)).await {
        Ok(Ok(1)) => {}
        _ => return,
    }
    if first != [HANDSHAKE] {
        return serve(stream, guest, outside).await;
    }
    let greeted = timeout(GREETING, TlsAcceptor::from(config).accept(stream)).await;
    if let Ok(Ok(stream)) = greeted {
        serve(stream, guest, inside).await;
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    guest: Guest,
    router: Router,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut router = router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(guest);
            router.call(request).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let _ = connection.await;
}
