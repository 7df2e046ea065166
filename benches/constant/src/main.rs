//! An axum route that answers a constant as long as a token's answer: what the framework alone can do.
//!
//! `constant PORT`

use axum::Router;
use axum::http::header;
use axum::routing::post;
use tokio::net::TcpListener;

/// The length of the answer of `POST /api/livekit/token` to the load's request.
const LENGTH: usize = 530;

fn main() {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let port: u16 = port.expect("usage: constant PORT");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(serve(port));
}

async fn serve(port: u16) {
    let body: &'static str = format!("{{\"token\":\"{}\"}}", "x".repeat(LENGTH - 12)).leak();
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], body) };
    let router = Router::new().route("/api/livekit/token", post(answer));
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, router).await.unwrap();
}
