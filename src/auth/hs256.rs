//! The provider `hs256`: an existing backend whose tokens are signed with a secret that we share.

use secrecy::SecretString;

use super::claims::Claims;
use super::{Caller, Denied, Provider};
use crate::config::Hs256Settings;
use crate::jwt::Hs256;

/// One backend.
#[derive(Clone, Debug)]
pub struct SharedSecret {
    key: Hs256,
    settings: Hs256Settings,
}

impl SharedSecret {
    /// Prepares the secret.
    pub fn new(settings: Hs256Settings, secret: &SecretString) -> Self {
        Self {
            key: Hs256::new(secret),
            settings,
        }
    }

    /// Whether its word counts on a path.
    pub fn counts_at(&self, path: &str) -> bool {
        self.settings.counts_at(path)
    }

    /// Whose tokens it judges; without an issuer, those that no other provider claims.
    pub fn issuer(&self) -> Option<&str> {
        self.settings.issuer.as_deref()
    }

    /// Whose token it is.
    pub fn verify(&self, token: &str, now: u64) -> Result<Caller, Denied> {
        let settings = &self.settings;
        let claims = Claims::parse(&self.key.verify(token)?)?;
        if let Some(issuer) = &settings.issuer {
            claims.check_issuer(issuer)?;
        }
        if !settings.audience.is_empty() {
            claims.check_audience(&settings.audience)?;
        }
        claims.check_times(now, settings.require_exp)?;
        claims.caller(&settings.claims, &settings.id_prefix, Provider::Hs256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: u64 = 1_800_000_000;

    fn verify(settings: Hs256Settings, claims: &Value) -> Result<Caller, Denied> {
        let secret = SecretString::from("a secret of thirty-two characters");
        let token = Hs256::new(&secret).sign(claims).unwrap();
        SharedSecret::new(settings, &secret).verify(&token, NOW)
    }

    #[test]
    fn issuer_and_audience_count_when_they_are_configured() {
        let bare = json!({"sub": "1", "exp": NOW});
        let settings = Hs256Settings::default;
        assert_eq!(verify(settings(), &bare).unwrap().provider, Provider::Hs256);
        let strict = Hs256Settings {
            issuer: Some("https://backend".into()),
            audience: vec!["calls".into()],
            ..settings()
        };
        assert_eq!(verify(strict.clone(), &bare), Err(Denied::Issuer));
        let issued = json!({"sub": "1", "exp": NOW, "iss": "https://backend"});
        assert_eq!(verify(strict.clone(), &issued), Err(Denied::Audience));
        let whole = json!({"sub": "1", "exp": NOW, "iss": "https://backend", "aud": "calls"});
        assert!(verify(strict, &whole).is_ok());
    }

    #[test]
    fn a_token_without_an_end_is_refused_unless_the_backend_makes_no_others() {
        let endless = json!({"sub": "1"});
        let settings = Hs256Settings::default;
        assert_eq!(verify(settings(), &endless), Err(Denied::Claims));
        let lax = Hs256Settings {
            require_exp: false,
            ..settings()
        };
        assert!(verify(lax, &endless).is_ok());
    }
}
