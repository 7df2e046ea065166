//! A server of keys that a test stops, rotates, slows down and turns against us.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// What it answers at a path.
#[derive(Clone)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub delay: Duration,
}

impl Page {
    /// 200 and no headers that matter.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            delay: Duration::ZERO,
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn slow(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

#[derive(Clone, Default)]
struct Pages(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    pages: HashMap<String, Page>,
    hits: HashMap<String, usize>,
}

/// A server on a port of 127.0.0.1 that stays its own while it is down.
pub struct KeyServer {
    pub base: String,
    address: SocketAddr,
    pages: Pages,
    task: Option<JoinHandle<()>>,
}

impl KeyServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pages = Pages::default();
        Self {
            base: format!("http://{address}"),
            address,
            task: Some(tokio::spawn(run(listener, pages.clone()))),
            pages,
        }
    }

    /// Serves keys at `/keys`.
    pub async fn with_keys(body: impl Into<String>) -> Self {
        let server = Self::start().await;
        server.set("/keys", Page::new(body));
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn set(&self, path: &str, page: Page) {
        let mut inner = self.pages.0.lock().unwrap();
        inner.pages.insert(path.to_owned(), page);
    }

    /// How often a path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        let inner = self.pages.0.lock().unwrap();
        inner.hits.get(path).copied().unwrap_or(0)
    }

    /// Ends it with all its connections.
    pub async fn stop(&mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        let _ = task.await;
    }

    /// Starts it again where it was.
    pub async fn resume(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = Some(tokio::spawn(run(listener, self.pages.clone())));
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Connections end with this future.
async fn run(listener: TcpListener, pages: Pages) {
    let router = Router::new().fallback(page).with_state(pages);
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = serving.await;
        });
    }
}

async fn page(State(pages): State<Pages>, uri: Uri) -> Response {
    let page = {
        let mut inner = pages.0.lock().unwrap();
        *inner.hits.entry(uri.path().to_owned()).or_default() += 1;
        inner.pages.get(uri.path()).cloned()
    };
    let Some(page) = page else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Not synchronisation: this is how slow the server is.
    tokio::time::sleep(page.delay).await;
    let mut response = page.body.into_response();
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap();
    for (name, value) in page.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
