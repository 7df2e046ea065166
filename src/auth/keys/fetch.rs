//! Fetching keys: where they are, how long they may be kept, and how much is read of them.

use std::time::Duration;

use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use reqwest::{Client, StatusCode};
use serde::Deserialize;

use super::KeySet;

/// Longer answers are refused.
const LONGEST: usize = 256 * 1024;

/// Where the keys are.
#[derive(Clone, Debug)]
pub enum Place {
    /// At this address.
    Keys(String),
    /// Where the issuer's OpenID Connect configuration says.
    Discovery(String),
}

/// Why there are no keys.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot get the keys of `{place}`: {why}")]
pub struct KeysError {
    place: String,
    why: String,
}

/// Keys, and how long their server lets them be kept.
#[derive(Debug)]
pub struct Fetched {
    /// The keys.
    pub keys: KeySet,
    /// As its headers say.
    pub fresh_for: Option<Duration>,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

impl Place {
    /// The address that is asked first.
    pub fn address(&self) -> String {
        match self {
            Self::Keys(url) => url.clone(),
            Self::Discovery(issuer) => {
                let issuer = issuer.trim_end_matches('/');
                format!("{issuer}/.well-known/openid-configuration")
            }
        }
    }

    /// Why there are no keys from here.
    pub fn error(&self, why: impl Into<String>) -> KeysError {
        KeysError {
            place: self.address(),
            why: why.into(),
        }
    }

    /// The keys as they are now.
    pub async fn fetch(&self, client: &Client) -> Result<Fetched, String> {
        let (body, headers) = match self {
            Self::Keys(url) => get(client, url).await?,
            Self::Discovery(issuer) => {
                let (body, _) = get(client, &self.address()).await?;
                get(client, &keys_of(issuer, &body)?).await?
            }
        };
        Ok(Fetched {
            keys: KeySet::parse(&body)?,
            fresh_for: fresh_for(&headers),
        })
    }
}

/// Where an issuer has its keys, by its configuration. It must be the issuer's own, and the keys
/// must come as safely as it did.
fn keys_of(issuer: &str, configuration: &[u8]) -> Result<String, String> {
    let found: Configuration = serde_json::from_slice(configuration)
        .map_err(|_| "its OpenID Connect configuration has no issuer and jwks_uri")?;
    if found.issuer != issuer {
        return Err("it says that it is another issuer".into());
    }
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
    if scheme(&found.jwks_uri) != scheme(issuer) {
        return Err("its jwks_uri has another scheme than the issuer".into());
    }
    Ok(found.jwks_uri)
}

async fn get(client: &Client, url: &str) -> Result<(Vec<u8>, HeaderMap), String> {
    let chain = |e: reqwest::Error| {
        let e = e.without_url();
        let mut text = e.to_string();
        let mut next = std::error::Error::source(&e);
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        text
    };
    let mut answer = client.get(url).send().await.map_err(chain)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("it answers {}", answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(chain)? {
        if body.len() + chunk.len() > LONGEST {
            return Err(format!("its answer is longer than {LONGEST} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, answer.headers().clone()))
}

/// What is left of `max-age`; nothing where the answer must not be kept.
fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers
        .get_all(CACHE_CONTROL)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase());
    let mut found = None;
    for directive in directives {
        if directive == "no-store" || directive == "no-cache" {
            return Some(Duration::ZERO);
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            found = seconds.trim_matches('"').parse().ok().or(found);
        }
    }
    let age = headers
        .get(AGE)
        .and_then(|age| age.to_str().ok()?.trim().parse().ok());
    Some(Duration::from_secs(found?).saturating_sub(Duration::from_secs(age.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_as_long_as_their_server_says() {
        let fresh = |headers: &[(&'static str, &str)]| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            fresh_for(&headers).map(|fresh| fresh.as_secs())
        };
        let cache = |value| fresh(&[("cache-control", value)]);
        assert_eq!(fresh(&[]), None);
        assert_eq!(cache("public, max-age=19603, must-revalidate"), Some(19603));
        assert_eq!(cache("Max-Age=\"60\""), Some(60));
        assert_eq!(cache("max-age=60, no-store"), Some(0));
        assert_eq!(cache("no-cache"), Some(0));
        assert_eq!(cache("public"), None);
        assert_eq!(cache("max-age=soon"), None);
        assert_eq!(cache("max-age=-1"), None);
        let old = |age| fresh(&[("cache-control", "max-age=60"), ("age", age)]);
        assert_eq!(old("20"), Some(40));
        assert_eq!(old("90"), Some(0));
        assert_eq!(old("old"), Some(60));
    }

    #[test]
    fn an_issuer_speaks_for_itself_alone_and_leads_nowhere_less_safe() {
        let keys = |issuer: &str, says: &str, at: &str| {
            let body = format!(r#"{{"issuer": "{says}", "jwks_uri": "{at}", "x": 1}}"#);
            keys_of(issuer, body.as_bytes())
        };
        let id = "https://id.example";
        assert!(keys(id, id, "https://keys.example/jwks").is_ok());
        for (issuer, says, at) in [
            (id, "https://id.example/", "https://id.example/jwks"),
            (id, "https://other.example", "https://id.example/jwks"),
            (id, id, "http://id.example/jwks"),
            (id, id, "file:///etc/passwd"),
            (id, id, "jwks"),
        ] {
            assert!(keys(issuer, says, at).is_err(), "{issuer} {says} {at}");
        }
        assert!(keys_of(id, b"[]").is_err());
        let discovery = Place::Discovery("https://id.example/realm/".into());
        assert_eq!(
            discovery.address(),
            "https://id.example/realm/.well-known/openid-configuration"
        );
    }
}
