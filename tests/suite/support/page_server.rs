//! The test page over HTTP on loopback, which browsers take for a secure context.

use std::path::Path;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Serves the page of `tests/pages` until it is dropped.
pub struct PageServer {
    /// What browsers call the page's origin.
    pub origin: String,
    task: JoinHandle<()>,
}

impl PageServer {
    /// Starts on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let pages = CLIENTS.iter().map(|client| page(client));
        let router = pages.fold(Router::new(), Router::merge);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, task }
    }
}

/// The versions of LiveKit's client for browsers, as they are called in `tests/pages/package.json`; first the newest,
/// then those that apps may have not yet left behind.
pub const CLIENTS: [&str; 3] = [NEWEST, "livekit-client-2.15", "livekit-client-2.5"];
/// The one that most tests use.
pub const NEWEST: &str = "livekit-client";

/// The page with one of them, in a folder of its name.
fn page(client: &str) -> Router {
    let library = format!("node_modules/{client}/dist/livekit-client.umd.js");
    Router::new()
        .merge(file(client, "call.html", "call.html", "text/html"))
        .merge(file(client, "call.js", "call.js", "text/javascript"))
        .merge(file(
            client,
            "livekit-client.umd.js",
            &library,
            "text/javascript",
        ))
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn file(folder: &str, route: &str, name: &str, content_type: &'static str) -> Router {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pages")
        .join(name);
    let body = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; scripts/setup installs it", path.display()));
    let answer = move || async move { ([(CONTENT_TYPE, content_type)], body) };
    Router::new().route(&format!("/{folder}/{route}"), get(answer))
}
