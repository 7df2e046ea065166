//! HTTP clients: one for this machine and its SFU, one for the world. A request takes at most
//! `patience`, whole.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, ClientBuilder, Result};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};

/// Within this a connection stands or nobody is there.
const CONNECT: Duration = Duration::from_secs(5);

/// Further on nobody is sent.
const MOST_REDIRECTS: usize = 3;

/// For services of the project: no proxy stands between, nothing is read from disk. It has no roots
/// of trust, so `https://` fails.
pub fn plain(patience: Duration) -> Result<Client> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|e| unreachable!("ring knows the versions of TLS: {e}"))
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    common(patience)
        .no_proxy()
        .tls_backend_preconfigured(config)
        .build()
}

/// For the world: the system's proxy and the system's roots of trust.
pub fn secure(patience: Duration) -> Result<Client> {
    // An error is a provider that somebody else installed: as good.
    let _ = CryptoProvider::install_default(ring::default_provider());
    common(patience).build()
}

/// The one for this address: TLS is only prepared where it is needed.
pub fn for_url(url: &str, patience: Duration) -> Result<Client> {
    if url.starts_with("https://") {
        secure(patience)
    } else {
        plain(patience)
    }
}

fn common(patience: Duration) -> ClientBuilder {
    Client::builder()
        .redirect(Policy::custom(same_scheme))
        .user_agent(concat!("urbania/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(patience)
}

/// Whoever answers may send us elsewhere, but not from https to http.
fn same_scheme(attempt: Attempt<'_>) -> Action {
    let so_far = attempt.previous();
    let scheme = so_far.first().map(reqwest::Url::scheme);
    if so_far.len() > MOST_REDIRECTS {
        attempt.error("too many redirects")
    } else if scheme == Some(attempt.url().scheme()) {
        attempt.follow()
    } else {
        attempt.error("redirected to another scheme")
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
