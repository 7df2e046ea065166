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
        let router = Router::new()
            .merge(file("/call.html", "call.html", "text/html"))
            .merge(file("/call.js", "call.js", "text/javascript"))
            .merge(file(
                "/livekit-client.umd.js",
                "node_modules/livekit-client/dist/livekit-client.umd.js",
                "text/javascript",
            ));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, task }
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn file(route: &str, name: &str, content_type: &'static str) -> Router {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pages")
        .join(name);
    let body = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; scripts/setup installs it", path.display()));
    let answer = move || async move { ([(CONTENT_TYPE, content_type)], body) };
    Router::new().route(route, get(answer))
}
