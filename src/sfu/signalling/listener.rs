//! Connections: accepted, bounded in number and in the time for a request's head. Nothing of a body is read before its
//! token is judged.

use std::convert::Infallible;
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
use tokio::sync::{Semaphore, watch};
use tower_service::Service as _;

/// Time for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// More connections wait in the kernel. Those of participants count for as long as they are there.
const MOST: usize = 2048;
/// Pause after a failed accept: it fails for want of descriptors, which others must give back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers requests until `ending` is true. Those in flight are cut off by the end of the process.
pub async fn serve(listeners: Vec<TcpListener>, router: Router, mut ending: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        // Never closed.
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = accept(&listeners) => accepted,
            _ = ending.wait_for(|is_over| *is_over) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    connection(stream, router).await;
                    drop(place);
                });
            }
            Err(e) => {
                tracing::warn!("cannot accept a connection: {e}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn accept(listeners: &[TcpListener]) -> std::io::Result<(TcpStream, SocketAddr)> {
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

/// A broken connection is the client's business.
async fn connection(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let mut router = router.clone();
        if let Some(uri) = with_one_slash(request.uri()) {
            *request.uri_mut() = uri;
        }
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
    use super::*;

    #[test]
    fn a_second_slash_is_left_out() {
        let changed = |uri: &str| with_one_slash(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(changed("//rtc?a=//b").as_deref(), Some("/rtc?a=//b"));
        assert_eq!(
            [changed("/rtc//v1"), changed("/"), changed("/?//")],
            [None, None, None]
        );
    }
}
