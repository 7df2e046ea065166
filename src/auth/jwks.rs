//! The provider `jwks`: any OpenID Connect issuer, by its published keys.

use super::claims::Claims;
use super::keys::{Pace, Place, RemoteKeys};
use super::token::Unverified;
use super::{AuthError, Caller, Provider};
use crate::config::JwksSettings;

/// One issuer.
#[derive(Clone, Debug)]
pub struct Issuer {
    keys: RemoteKeys,
    settings: JwksSettings,
}

impl Issuer {
    /// The keys are fetched when a token first asks for them.
    pub fn new(settings: JwksSettings, pace: Pace) -> Self {
        let source = match &settings.jwks_url {
            Some(url) => Place::Keys(url.clone()),
            None => Place::Discovery(settings.issuer.clone()),
        };
        Self {
            keys: RemoteKeys::new(source, pace),
            settings,
        }
    }

    /// Whose tokens it judges.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Whose token it is.
    pub async fn verify(&self, token: &Unverified<'_>, now: u64) -> Result<Caller, AuthError> {
        let settings = &self.settings;
        self.keys.verify(token, token.public_algorithm()?).await?;
        let claims = Claims::parse(&token.payload)?;
        claims.check_issuer(&settings.issuer)?;
        claims.check_audience(&settings.audience)?;
        claims.check_times(now, true)?;
        Ok(claims.caller(&settings.claims, &settings.id_prefix, Provider::Jwks)?)
    }
}
