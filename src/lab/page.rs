//! The page of a participant over HTTP on loopback, which browsers take for a secure place.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::error::{Context as _, Error, Result};

/// Empty where npm had not installed it when the program was built.
const CLIENT: &str = include_str!(concat!(env!("OUT_DIR"), "/livekit-client.js"));

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// Serves the page until it is dropped.
#[derive(Debug)]
pub struct Pages {
    /// What browsers call the page's origin.
    pub origin: String,
    task: JoinHandle<()>,
}

impl Pages {
    /// Starts on a free port of 127.0.0.1.
    pub async fn serve() -> Result<Self> {
        if CLIENT.is_empty() {
            return Err(Error::failed(
                "this urbania was built without LiveKit's JavaScript client",
            )
            .hint("scripts/web && cargo build --release   builds one that has it"));
        }
        let cannot = || "cannot serve the page of the participants".to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.or_fail(cannot)?;
        let address = listener.local_addr().or_fail(cannot)?;
        let task = tokio::spawn(async move {
            // It ends when the task is aborted; without it the pages say what they miss.
            let _ = axum::serve(listener, router()).await;
        });
        Ok(Self {
            origin: format!("http://{address}"),
            task,
        })
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router() -> Router {
    [
        ("/", HTML, include_str!("../../templates/lab/index.html")),
        (
            "/page.css",
            CSS,
            include_str!("../../templates/lab/page.css"),
        ),
        (
            "/participant.js",
            JS,
            include_str!("../../templates/lab/participant.js"),
        ),
        (
            "/connections.js",
            JS,
            include_str!("../../templates/lab/connections.js"),
        ),
        (
            "/picture.js",
            JS,
            include_str!("../../templates/lab/picture.js"),
        ),
        ("/tone.js", JS, include_str!("../../templates/lab/tone.js")),
        ("/livekit-client.umd.js", JS, CLIENT),
    ]
    .into_iter()
    .fold(Router::new(), |router, (path, kind, text)| {
        let answer =
            move || async move { ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], text) };
        router.route(path, get(answer))
    })
}
