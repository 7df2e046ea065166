//! Who is calling.
//!
//! A provider turns a bearer token into a [`Caller`]; [`Providers`] asks the one that issued it.
//! HTTP knows nothing of this here: each contract has its own extractor, which calls
//! [`Providers::authenticate`] and speaks the contract's language when it fails.
//!
//! - [`local`]: users of our own store; a login makes a session.
//! - [`hs256`]: an existing backend whose signing secret we share.
//! - [`jwks`]: an OpenID Connect issuer, by its published keys.
//! - [`firebase`]: Firebase Authentication.
//!
//! A token chooses its judge by the issuer that it claims, and that one alone judges it: claiming
//! another issuer means being judged by that issuer's keys. Backends that name no issuer are told apart by
//! the paths on which their word counts. Ids are taken as the provider has them,
//! so that the ids of an app stay what they are; where two providers could use one id for two
//! people, `id_prefix` tells them apart.

mod claims;
pub mod firebase;
pub mod hs256;
pub mod jwks;
pub mod keys;
pub mod local;
pub mod password;
mod session;
mod setup;
mod token;

use crate::jwt::Untrusted;

pub use claims::LEEWAY;
pub use session::{ISSUER, SESSION_TTL, Sessions};
pub use setup::{EMULATOR, Setup};

use firebase::Firebase;
use hs256::SharedSecret;
use jwks::Issuer;
use keys::KeysError;
use token::Unverified;

/// A person or a program that has proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The one name that never changes; the identity in calls.
    pub id: String,
    /// What people call them; the id where nobody says.
    pub username: String,
    /// What they may do, in the apps' words.
    pub roles: Vec<String>,
    /// Who believed them.
    pub provider: Provider,
    /// When what they came with expires, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// With which password a local user has logged in: `User::password_mark` as it was then.
    pub password_mark: Option<String>,
}

/// A kind of provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// Our own store.
    Local,
    /// A backend's shared secret.
    Hs256,
    /// An OpenID Connect issuer.
    Jwks,
    /// Firebase Authentication.
    Firebase,
    /// Nobody: a guest of a server for development.
    Nobody,
}

/// Why a caller is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denied {
    /// No bearer token at all.
    #[error("Not authenticated")]
    Missing,
    /// No JSON Web Token, or a monstrous one.
    #[error("Could not validate credentials")]
    Malformed,
    /// Issued by nobody whom we believe, or by nobody who counts here.
    #[error("Could not validate credentials")]
    Issuer,
    /// `none`, or an algorithm that its key is not for.
    #[error("Could not validate credentials")]
    Algorithm,
    /// Names a key that its issuer does not have.
    #[error("Could not validate credentials")]
    Key,
    /// Signed by somebody else, or changed since.
    #[error("Could not validate credentials")]
    Signature,
    /// For somebody else than us.
    #[error("Could not validate credentials")]
    Audience,
    /// Lacks what it must say, or says it in the wrong way.
    #[error("Could not validate credentials")]
    Claims,
    /// Not valid yet.
    #[error("Could not validate credentials")]
    Early,
    /// A good token of a user who is no more, or who has another password since.
    #[error("Could not validate credentials")]
    Invalid,
    /// A token of ours whose time is over.
    #[error("Token has expired")]
    Expired,
}

impl Denied {
    /// The reason in one word, for counting.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "no_token",
            Self::Malformed => "malformed_token",
            Self::Issuer => "unknown_issuer",
            Self::Algorithm => "wrong_algorithm",
            Self::Key => "unknown_key",
            Self::Signature => "wrong_signature",
            Self::Audience => "wrong_audience",
            Self::Claims => "wrong_claims",
            Self::Early => "early_token",
            Self::Invalid => "unknown_user",
            Self::Expired => "expired_token",
        }
    }
}

impl From<Untrusted> for Denied {
    fn from(untrusted: Untrusted) -> Self {
        match untrusted {
            Untrusted::Malformed => Self::Malformed,
            Untrusted::Algorithm => Self::Algorithm,
            Untrusted::Signature => Self::Signature,
        }
    }
}

/// Why nobody can say who is calling, or that it is nobody whom we believe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthError {
    /// Not believed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The keys that would tell are not to be had.
    #[error(transparent)]
    Unavailable(#[from] KeysError),
}

/// Whose word counts on a route, besides what the settings say of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// That of every provider.
    All,
    /// Firebase's alone.
    Firebase,
}

/// Every way in which callers can prove who they are.
#[derive(Clone, Debug)]
pub struct Providers {
    /// Users of our own store.
    pub local: Sessions,
    others: Vec<Other>,
}

/// A provider besides our own store.
#[derive(Clone, Debug)]
enum Other {
    Hs256(SharedSecret),
    Jwks(Issuer),
    Firebase(Firebase),
}

impl Providers {
    /// Prepares all of them; nothing is fetched yet.
    pub fn new(local: Sessions, setup: &Setup) -> Self {
        let mut others = Vec::new();
        for (settings, secret) in &setup.hs256 {
            others.push(Other::Hs256(SharedSecret::new(settings.clone(), secret)));
        }
        for settings in &setup.jwks {
            others.push(Other::Jwks(Issuer::new(settings.clone(), setup.pace)));
        }
        let firebase = Firebase::new(&setup.firebase, setup.emulator, setup.pace);
        others.extend(firebase.map(Other::Firebase));
        Self { local, others }
    }

    /// Judges the value of an `Authorization` header of a request for `path`.
    pub async fn authenticate(
        &self,
        authorization: Option<&str>,
        (accepts, path): (Accepts, &str),
        now: u64,
    ) -> Result<Caller, AuthError> {
        let bearer = authorization.and_then(bearer).ok_or(Denied::Missing)?;
        // The usual case first. Its signature and its issuer are checked as everywhere.
        let local = match accepts {
            Accepts::All => self.local.verify(bearer, now),
            Accepts::Firebase => Err(Denied::Issuer),
        };
        match local {
            Err(denied) if !self.others.is_empty() => {
                self.judged_by_others(bearer, (accepts, path), now, denied)
                    .await
            }
            local => Ok(local?),
        }
    }

    /// Lets the provider whose token it claims to be judge it; `local` is what our own sessions made
    /// of it.
    async fn judged_by_others(
        &self,
        bearer: &str,
        (accepts, path): (Accepts, &str),
        now: u64,
        local: Denied,
    ) -> Result<Caller, AuthError> {
        let token = Unverified::parse(bearer)?;
        let issuer = token.issuer()?;
        if issuer.as_deref() == Some(ISSUER) {
            return Err(local.into());
        }
        let named =
            |other: &&Other| other.issuer().is_some() && other.issuer() == issuer.as_deref();
        let counts = |other: &&Other| other.counts(accepts, path);
        let mut candidates = self.others.iter().filter(counts);
        let judge = candidates
            .clone()
            .find(named)
            .or_else(|| candidates.find(|other| other.issuer().is_none()))
            .ok_or(Denied::Issuer)?;
        match judge {
            Other::Hs256(backend) => Ok(backend.verify(bearer, now)?),
            Other::Jwks(issuer) => issuer.verify(&token, now).await,
            Other::Firebase(firebase) => firebase.verify(&token, now).await,
        }
    }
}

impl Other {
    fn issuer(&self) -> Option<&str> {
        match self {
            Self::Hs256(backend) => backend.issuer(),
            Self::Jwks(issuer) => Some(issuer.issuer()),
            Self::Firebase(firebase) => Some(firebase.issuer()),
        }
    }

    fn counts(&self, accepts: Accepts, path: &str) -> bool {
        match (accepts, self) {
            (Accepts::All, Self::Hs256(backend)) => backend.counts_at(path),
            (Accepts::All, _) | (Accepts::Firebase, Self::Firebase(_)) => true,
            (Accepts::Firebase, _) => false,
        }
    }
}

/// The token of an `Authorization` header that was judged before, and when it expires, if it says so.
pub fn presented(authorization: &str) -> Option<(&str, u64)> {
    let token = bearer(authorization)?;
    let expires_at = Unverified::parse(token).ok()?.expires_at()?;
    Some((token, expires_at))
}

/// The token of `Bearer <token>`; the scheme's case does not matter.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
