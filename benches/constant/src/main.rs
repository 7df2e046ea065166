//! What axum alone can do, and what it can do with the cryptography of a token.
//!
//! `constant PORT`: a route that answers a constant as long as a token's answer.
//! `constant PORT mint`: a route that checks the caller's JWT and signs a join token with `jsonwebtoken`, its
//! keys prepared, and does nothing else: no limits, no log, no metrics, no rooms. The secrets come from
//! the environment, as for the other peers.
//! `constant PORT least`: the same with the states of HMAC prepared, as urbania does it: what a token costs
//! at the least.

mod mint;

use axum::Router;
use axum::http::header;
use axum::routing::post;
use tokio::net::TcpListener;

/// The length of the answer of `POST /api/livekit/token` to the load's request.
const LENGTH: usize = 530;

fn main() {
    let mut args = std::env::args().skip(1);
    let port = args.next().and_then(|port| port.parse().ok());
    let port: u16 = port.expect("usage: constant PORT [mint|least]");
    let router = match args.next().as_deref() {
        None => constant(),
        Some("mint") => mint::router(mint::Crypto::library()),
        Some("least") => mint::router(mint::Crypto::prepared()),
        Some(other) => panic!("unknown argument `{other}`: constant PORT [mint|least]"),
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(serve(port, router));
}

fn constant() -> Router {
    let body: &'static str = format!("{{\"token\":\"{}\"}}", "x".repeat(LENGTH - 12)).leak();
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], body) };
    Router::new().route("/api/livekit/token", post(answer))
}

async fn serve(port: u16, router: Router) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, router).await.unwrap();
}
