//! The provider `firebase`: ID tokens of Firebase Authentication.

use jsonwebtoken::Algorithm;

use super::claims::Claims;
use super::keys::{Pace, Place, RemoteKeys};
use super::token::Unverified;
use super::{AuthError, Caller, Denied, Provider};
use crate::config::{ClaimNames, FirebaseSettings};

/// One Firebase project.
#[derive(Clone, Debug)]
pub struct Firebase {
    keys: RemoteKeys,
    issuer: String,
    audience: [String; 1],
    emulator: bool,
}

impl Firebase {
    /// The project of the settings, if they name one. Tokens of an `emulator` are signed by nobody.
    pub fn new(settings: &FirebaseSettings, emulator: bool, pace: Pace) -> Option<Self> {
        let project = settings.project.as_ref()?;
        Some(Self {
            keys: RemoteKeys::new(Place::Keys(settings.keys_url.clone()), pace),
            issuer: format!("https://securetoken.google.com/{project}"),
            audience: [project.clone()],
            emulator,
        })
    }

    /// Whose tokens it judges.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whose token it is.
    pub async fn verify(&self, token: &Unverified<'_>, now: u64) -> Result<Caller, AuthError> {
        if !self.is_emulated(token) {
            if token.public_algorithm()? != Algorithm::RS256 {
                return Err(Denied::Algorithm.into());
            }
            if token.kid.is_none() {
                return Err(Denied::Key.into());
            }
            self.keys.verify(token, Algorithm::RS256).await?;
        }
        let claims = Claims::parse(&token.payload)?;
        claims.check_issuer(&self.issuer)?;
        claims.check_audience(&self.audience)?;
        claims.check_times(now, true)?;
        for name in ["iat", "auth_time"] {
            if !claims.check_past(name, now)? {
                return Err(Denied::Claims.into());
            }
        }
        let names = ClaimNames {
            // Not the caller's to say: Firebase has no roles of its own.
            roles: String::new(),
            ..ClaimNames::default()
        };
        Ok(claims.caller(&names, "", Provider::Firebase)?)
    }

    fn is_emulated(&self, token: &Unverified<'_>) -> bool {
        self.emulator && token.alg == "none" && token.parts.signature.is_empty()
    }
}
