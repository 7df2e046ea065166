//! The token API works when it says so itself, on `/readyz`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Deserialize;

use super::Unhealthy;

/// Where this machine reaches an API that listens on `listen`.
pub fn base_url(listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

/// Asks `/readyz`.
pub async fn probe(client: &reqwest::Client, base_url: &str) -> Result<(), Unhealthy> {
    let answer = client
        .get(format!("{base_url}/readyz"))
        .send()
        .await
        .map_err(|_| Unhealthy::not_yet("nobody answers yet"))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let words = answer.text().await.unwrap_or_default();
    Err(Unhealthy::NotYet(format!(
        "/readyz answers {}{}",
        status.as_u16(),
        failing(&words)
    )))
}

/// The names of what is not ready, if the answer has them.
fn failing(body: &str) -> String {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(flatten)]
        checks: std::collections::BTreeMap<String, serde_json::Value>,
    }
    let Ok(answer) = serde_json::from_str::<Answer>(body) else {
        return String::new();
    };
    let bad: Vec<String> = answer
        .checks
        .iter()
        .filter(|(_, value)| value.as_str().is_some_and(|v| v != "ok"))
        .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or_default()))
        .collect();
    if bad.is_empty() {
        String::new()
    } else {
        format!(" ({})", bad.join(", "))
    }
}
