//! Who is calling.
//!
//! A provider turns a bearer token into a [`Caller`]; [`Providers`] asks the one that issued it.
//! HTTP knows nothing of this here: each contract has its own extractor, which calls
//! [`Providers::authenticate`] and speaks the contract's language when it fails.

pub mod local;
pub mod password;
mod session;

pub use session::{SESSION_TTL, Sessions};

/// A person or a program that has proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The one name that never changes; the identity in calls.
    pub id: String,
    /// What people call them.
    pub username: String,
    /// What they may do, in the apps' words.
    pub roles: Vec<String>,
}

/// Why a caller is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No bearer token at all.
    #[error("Not authenticated")]
    Missing,
    /// Not a token of ours, or one that is not for us.
    #[error("Could not validate credentials")]
    Invalid,
    /// A token of ours whose time is over.
    #[error("Token has expired")]
    Expired,
}

/// Every way in which callers can prove who they are.
#[derive(Clone, Debug)]
pub struct Providers {
    /// Users of our own store.
    pub local: Sessions,
}

impl Providers {
    /// Judges the value of an `Authorization` header.
    pub fn authenticate(&self, authorization: Option<&str>, now: u64) -> Result<Caller, Denied> {
        let bearer = authorization.and_then(bearer).ok_or(Denied::Missing)?;
        self.local.verify(bearer, now)
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
