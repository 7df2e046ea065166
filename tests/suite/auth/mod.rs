//! Identity providers: real keys, a real server of keys, and the whole API in front.

mod calls;
mod config;
mod emulator;
mod hs256;
mod jwks;
mod keys;
mod outage;
mod server;
mod sessions;

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use urbania::auth::keys::Pace;
use urbania::auth::{Accepts, AuthError, Caller, Providers, Sessions, Setup};
use urbania::config::JwksSettings;
use urbania::context::Clock;

use crate::support::api::{Api, SESSION_SECRET, line};

fn now() -> u64 {
    Clock::system().unix()
}

/// Providers as the API has them, without HTTP in front.
struct Believers(Providers);

impl Believers {
    fn new(setup: &Setup) -> Self {
        let sessions = Sessions::new(&SESSION_SECRET.into(), &[]);
        Self(Providers::new(sessions, setup))
    }

    async fn judge(&self, token: &str) -> Result<Caller, AuthError> {
        let header = format!("Bearer {token}");
        self.0
            .authenticate(Some(&header), (Accepts::All, "/api/auth/me"), now())
            .await
    }

    /// The caller's id, or the reason why there is none.
    async fn id(&self, token: &str) -> String {
        match self.judge(token).await {
            Ok(caller) => caller.id,
            Err(AuthError::Denied(denied)) => format!("denied: {}", denied.reason()),
            Err(AuthError::Unavailable(e)) => format!("unavailable: {e}"),
        }
    }
}

/// Keys are old at once, and failures are forgiven at once.
fn hasty() -> Pace {
    Pace {
        shortest: Duration::ZERO,
        retry: Duration::ZERO,
        urgent: Duration::ZERO,
        ..Pace::default()
    }
}

const ISSUER: &str = "https://id.example.com";

/// An issuer whose keys are at a test's address.
fn issuer(jwks_url: String) -> JwksSettings {
    JwksSettings {
        issuer: ISSUER.into(),
        jwks_url: Some(jwks_url),
        audience: vec!["app".into()],
        ..JwksSettings::default()
    }
}

/// Claims that it makes.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "app", "sub": "ada", "name": "Ada L.", "roles": ["member"],
        "iat": now(), "exp": now() + 600,
    })
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// What `/api/auth/me` says to each of these tokens.
async fn table(api: &Api, tokens: &[(&str, String)]) -> String {
    let mut table = String::new();
    for (name, token) in tokens {
        let me = api.request("GET", "/api/auth/me").bearer_auth(token);
        writeln!(table, "{name}: {}", line(me.send().await.unwrap()).await).unwrap();
    }
    table
}
