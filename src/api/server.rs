//! Connections: accepted, bounded in time, finished before the process ends.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tower_service::Service as _;

use super::App;
use super::contracts::Contract;
use super::reach::BY_WAY_OF;
use super::refusal::Refusal;
use super::router::{router, webhooks_alone};
use super::sfu::{WEBHOOK, reconcile};

/// Time for the head of a request, also of the next one on an idle connection.
const HEAD: Duration = Duration::from_secs(30);
/// Time for a request, its body included.
const REQUEST: Duration = Duration::from_secs(15);
/// Time for what is in flight when the process is told to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// Pause after a failed accept: it fails for want of descriptors, which others must give back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Answers requests until `shutdown` resolves, then finishes those in flight. On `webhooks`, only
/// the SFU's are answered.
pub async fn serve(
    listener: TcpListener,
    webhooks: Option<TcpListener>,
    app: Arc<App>,
    shutdown: impl Future<Output = ()>,
) {
    let (router, webhooks_alone) = (router(app.clone()), webhooks_alone(app.clone()));
    let reconciling = tokio::spawn(reconcile::run(app.clone()));
    let journal = tokio::spawn(app.config.journal.clone().run());
    // Connections hold a receiver each: closing the channel tells them, its end tells us.
    let (going, _) = watch::channel(());
    let (done, gone) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        let (accepted, router) = tokio::select! {
            accepted = listener.accept() => (accepted, &router),
            accepted = accept(webhooks.as_ref()) => (accepted, &webhooks_alone),
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let serving = connection(stream, peer, app.clone(), router.clone());
                let going = going.subscribe();
                let gone = gone.clone();
                tokio::spawn(async move {
                    serving.run(going).await;
                    drop(gone);
                });
            }
            Err(e) if is_about_one_connection(&e) => {}
            Err(e) => {
                tracing::warn!("cannot accept a connection: {e}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    reconciling.abort();
    app.ending.send_replace(true);
    drop((listener, webhooks, gone, going));
    if timeout(FAREWELL, done.closed()).await.is_err() {
        tracing::warn!("ended with requests unanswered");
    }
    journal.abort();
    app.config.journal.flush().await;
}

/// Never, where there is no listener.
async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// The other side went away between its SYN and our accept.
fn is_about_one_connection(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    app: Arc<App>,
    router: Router,
}

fn connection(stream: TcpStream, peer: SocketAddr, app: Arc<App>, router: Router) -> Connection {
    Connection {
        stream,
        peer,
        app,
        router,
    }
}

impl Connection {
    /// Serves until the client or `going` ends it; a broken connection is the client's business.
    async fn run(self, mut going: watch::Receiver<()>) {
        let Self {
            stream,
            peer,
            app,
            router,
        } = self;
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (app, router) = (app.clone(), router.clone());
            async move { Ok::<_, Infallible>(answer(&app, router, peer, request).await) }
        });
        let mut serving = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .serve_connection(TokioIo::new(stream), service)
        );
        tokio::select! {
            _ = &mut serving => return,
            _ = going.changed() => {}
        }
        serving.as_mut().graceful_shutdown();
        let _ = serving.await;
    }
}

async fn answer(
    app: &App,
    mut router: Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Response {
    let began = Instant::now();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    if !peer.ip().is_loopback() {
        request.headers_mut().remove(BY_WAY_OF);
    }
    let response = match timeout(REQUEST, router.call(request)).await {
        Ok(response) => response.unwrap_or_else(|e| match e {}),
        Err(_) => Contract::of(uri.path()).refuse(&Refusal::TimedOut),
    };
    let took = began.elapsed();
    let now = app.config.clock.now();
    let status = response.status();
    if uri.path() == WEBHOOK && status == StatusCode::OK {
        // LiveKit reports whatever happens: what is not taken in is worth a line, the rest would hide all others.
        tracing::debug!("{method} {WEBHOOK} {status} {took:.1?}");
    } else {
        app.config
            .journal
            .access(now, &method, uri.path(), status, took);
    }
    app.metrics.answered(uri.path(), &method, &response, took);
    response
}
