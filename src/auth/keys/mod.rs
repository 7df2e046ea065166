//! Public keys of identity providers: read from what their servers publish, fetched and kept.

mod certificates;
mod fetch;
mod jwk;
mod remote;

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

pub use fetch::{KeysError, Place};
pub use remote::{Pace, RemoteKeys};

use super::Denied;
use super::token::Unverified;

/// More keys than any provider has in use.
const MOST: usize = 100;

/// RSA keys of other sizes are left out: shorter ones can be broken, longer ones take too long.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// A public key and what it may verify: the key decides that, never the token.
pub struct PublicKey {
    kid: Option<String>,
    algorithms: &'static [Algorithm],
    key: DecodingKey,
}

impl PublicKey {
    /// Whether this key signed the token.
    pub fn verify(&self, token: &Unverified<'_>, algorithm: Algorithm) -> Result<(), Denied> {
        if !self.algorithms.contains(&algorithm) {
            return Err(Denied::Algorithm);
        }
        let parts = &token.parts;
        let signed = parts.signed.as_bytes();
        match jsonwebtoken::crypto::verify(parts.signature, signed, &self.key, algorithm) {
            Ok(true) => Ok(()),
            _ => Err(Denied::Signature),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.kid, self.algorithms)
    }
}

/// The keys that a server published.
#[derive(Debug)]
pub struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// Reads a JSON Web Key Set, or certificates by key id as Google publishes them; told apart by
    /// what they look like. Keys that cannot verify tokens are left out.
    pub fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let value: Value = serde_json::from_slice(body).map_err(|_| "not JSON")?;
        let Value::Object(mut map) = value else {
            return Err("neither a key set nor certificates by key id");
        };
        let keys: Vec<PublicKey> = match map.remove("keys") {
            Some(Value::Array(keys)) if keys.len() <= MOST => {
                keys.into_iter().filter_map(jwk::read).collect()
            }
            None if map.len() <= MOST => map
                .into_iter()
                .filter_map(|(kid, pem)| certificates::read(kid, pem.as_str()?))
                .collect(),
            Some(Value::Array(_)) | None => return Err("too many keys"),
            Some(_) => return Err("neither a key set nor certificates by key id"),
        };
        if keys.is_empty() {
            return Err("no key that verifies tokens");
        }
        Ok(Self(keys))
    }

    /// The key that the token names. One that names none means the only one that fits.
    pub fn find(&self, token: &Unverified<'_>, algorithm: Algorithm) -> Option<&PublicKey> {
        let fits = |key: &&PublicKey| key.algorithms.contains(&algorithm);
        let Some(kid) = &token.kid else {
            let mut fitting = self.0.iter().filter(fits);
            let only = fitting.next()?;
            return fitting.next().is_none().then_some(only);
        };
        let mut named = self.0.iter().filter(|key| key.kid.as_ref() == Some(kid));
        let first = named.clone().next()?;
        Some(named.find(fits).unwrap_or(first))
    }
}

/// An RSA key for its modulus and exponent, unless it is a weak or a monstrous one.
fn rsa(
    kid: Option<String>,
    algorithms: &'static [Algorithm],
    modulus: &[u8],
    exponent: &[u8],
) -> Option<PublicKey> {
    let bare = |number: &'_ [u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        number.get(zeros..).map(<[u8]>::to_vec)
    };
    let (modulus, exponent) = (bare(modulus)?, bare(exponent)?);
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let sound = RSA_BYTES.contains(&modulus.len())
        && odd(&modulus)
        && odd(&exponent)
        && exponent.len() <= 4
        && exponent != [1];
    sound.then(|| PublicKey {
        kid,
        algorithms,
        key: DecodingKey::from_rsa_raw_components(&modulus, &exponent),
    })
}
