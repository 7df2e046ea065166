//! LiveKit's webhooks: whether they are LiveKit's, and what they say.
//!
//! The `Authorization` header has a token, signed with one of the pairs of livekit.yaml, that names
//! the hash of the body. LiveKit repeats what is not answered with success for about half a minute.

mod event;
mod wire;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub use self::event::{Kind, RoomEvent, RoomRef, Track, Who};
use self::wire::Event;
pub use self::wire::millis;
use super::keys::KeyPair;
use crate::jwt::{Hs256, Parts, Untrusted};

/// Clocks of two machines may differ by this many seconds.
const LEEWAY: u64 = 60;
/// An event that is older than this is not news, in seconds.
pub const MAX_AGE: i64 = 5 * 60;

/// Knows LiveKit's webhooks from others.
#[derive(Debug)]
pub struct Receiver(Vec<(String, Hs256)>);

/// A header that LiveKit signed; the body is still to be compared.
#[derive(Debug)]
pub struct Signed {
    sha256: Vec<u8>,
}

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The header is no token, or not one of ours.
    #[error("{0}")]
    Untrusted(#[from] Untrusted),
    /// The claims are not those of a webhook.
    #[error("not signed for a webhook")]
    Claims,
    /// No pair of livekit.yaml has this key.
    #[error("signed with a key that is not in livekit.yaml")]
    UnknownKey,
    /// Its time is over, or has not come.
    #[error("the signature is too old or from the future")]
    Expired,
    /// The body is not the one that was signed.
    #[error("the body is not what was signed")]
    Body,
    /// The event happened too long ago.
    #[error("the event is too old or from the future")]
    Stale,
    /// The body is no event.
    #[error("not an event of LiveKit")]
    Malformed,
}

impl Receiver {
    /// Believes what one of these pairs has signed.
    pub fn new(pairs: &[KeyPair]) -> Self {
        let prepared = |pair: &KeyPair| (pair.key.clone(), Hs256::new(&pair.secret));
        Self(pairs.iter().map(prepared).collect())
    }

    /// Judges the `Authorization` header, at `now` in seconds since 1970.
    pub fn verify(&self, authorization: &str, now: u64) -> Result<Signed, Rejected> {
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
            exp: u64,
            #[serde(default)]
            nbf: u64,
            sha256: String,
        }
        let token = authorization.trim();
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        // Only to find the key: believed is what the signature covers.
        let payload = URL_SAFE_NO_PAD
            .decode(Parts::split(token)?.payload)
            .map_err(|_| Untrusted::Malformed)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| Rejected::Claims)?;
        let (_, key) = self
            .0
            .iter()
            .find(|(key, _)| *key == claims.iss)
            .ok_or(Rejected::UnknownKey)?;
        key.verify(token)?;
        if claims.exp.saturating_add(LEEWAY) <= now || claims.nbf > now.saturating_add(LEEWAY) {
            return Err(Rejected::Expired);
        }
        let sha256 = STANDARD.decode(claims.sha256);
        Ok(Signed {
            sha256: sha256.map_err(|_| Rejected::Claims)?,
        })
    }
}

impl Signed {
    /// The event in the body that was signed.
    pub fn open(&self, body: &[u8], now: u64) -> Result<RoomEvent, Rejected> {
        if !same(&self.sha256, &Sha256::digest(body)) {
            return Err(Rejected::Body);
        }
        let event: Event = serde_json::from_slice(body).map_err(|_| Rejected::Malformed)?;
        let event = event.read().ok_or(Rejected::Malformed)?;
        let age = i64::try_from(now).unwrap_or(i64::MAX) - event.at.as_second();
        if (-MAX_AGE..=MAX_AGE).contains(&age) {
            Ok(event)
        } else {
            Err(Rejected::Stale)
        }
    }
}

/// Takes as long for a wrong first byte as for a wrong last one.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).map(|(a, b)| a ^ b);
    a.len() == b.len() && std::hint::black_box(differences.fold(0, |all, one| all | one)) == 0
}

#[cfg(test)]
mod tests;
