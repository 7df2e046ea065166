//! A token of somebody else's making, before anybody believes it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Denied;
use crate::jwt::Parts;

/// A token cut into its parts; nothing in it is proved.
pub struct Unverified<'a> {
    /// What is signed, and the signature.
    pub parts: Parts<'a>,
    /// The algorithm that it claims.
    pub alg: String,
    /// The key that it claims.
    pub kid: Option<String>,
    /// The claims as JSON.
    pub payload: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Issued {
    #[serde(default)]
    iss: Option<String>,
}

#[derive(Deserialize)]
struct Expires {
    exp: u64,
}

impl<'a> Unverified<'a> {
    /// Reads a token within bounds.
    pub fn parse(token: &'a str) -> Result<Self, Denied> {
        let parts = Parts::split(token)?;
        let decoded = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| Denied::Malformed);
        let header: Header =
            serde_json::from_slice(&decoded(parts.header)?).map_err(|_| Denied::Malformed)?;
        if header.crit.is_some() {
            return Err(Denied::Algorithm);
        }
        Ok(Self {
            parts,
            alg: header.alg,
            kid: header.kid,
            payload: decoded(parts.payload)?,
        })
    }

    /// The issuer that it claims.
    pub fn issuer(&self) -> Result<Option<String>, Denied> {
        let issued: Issued =
            serde_json::from_slice(&self.payload).map_err(|_| Denied::Malformed)?;
        Ok(issued.iss)
    }

    /// When it claims to expire, in seconds since 1970.
    pub fn expires_at(&self) -> Option<u64> {
        let expires: Expires = serde_json::from_slice(&self.payload).ok()?;
        Some(expires.exp)
    }

    /// The algorithm that it claims, if it is one of public keys: `none` and shared secrets are not.
    pub fn public_algorithm(&self) -> Result<Algorithm, Denied> {
        self.alg
            .parse()
            .ok()
            .filter(|alg: &Algorithm| alg.family() != AlgorithmFamily::Hmac)
            .ok_or(Denied::Algorithm)
    }
}
