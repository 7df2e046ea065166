//! JSON Web Tokens signed with HS256, the one algorithm that LiveKit and our sessions use.
//!
//! The HMAC state is prepared once per key: deriving it is most of the cost of a short token. The
//! rest of it is SHA-256, in ring's assembler.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Longer tokens are refused unread.
const MAX_LENGTH: usize = 16 * 1024;

/// A shared secret, ready to sign and to verify.
#[derive(Clone)]
pub struct Hs256(hmac::Key);

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Not three base64url parts with JSON in the first two.
    #[error("not a JSON Web Token")]
    Malformed,
    /// `none`, an asymmetric algorithm, or critical extensions that we do not know.
    #[error("signed with another algorithm than HS256")]
    Algorithm,
    /// Signed with another secret, or changed since.
    #[error("the signature does not match")]
    Signature,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: std::borrow::Cow<'a, str>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

impl Hs256 {
    /// Prepares the state of a secret of any length.
    pub fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The compact token of `claims`.
    ///
    /// Fails only for claims that have no JSON form, such as maps with keys that are not strings.
    pub fn sign(&self, claims: &impl Serialize) -> serde_json::Result<String> {
        let mut payload = Vec::with_capacity(512);
        serde_json::to_writer(&mut payload, claims)?;
        let mut token = String::with_capacity(HEADER.len() + payload.len() * 4 / 3 + 64);
        token.push_str(HEADER);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        let signature = hmac::sign(&self.0, token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The payload of a token that this secret signed. The algorithm is looked at before anything
    /// else; times and audience are the caller's to judge.
    pub fn verify(&self, token: &str) -> Result<Vec<u8>, Untrusted> {
        let parts = Parts::split(token)?;
        if parts.header != HEADER {
            parts.check_header()?;
        }
        let mut signature = [0; 32];
        let length = URL_SAFE_NO_PAD
            .decode_slice(parts.signature, &mut signature)
            .map_err(|_| Untrusted::Signature)?;
        hmac::verify(&self.0, parts.signed.as_bytes(), &signature[..length])
            .map_err(|_| Untrusted::Signature)?;
        URL_SAFE_NO_PAD
            .decode(parts.payload)
            .map_err(|_| Untrusted::Malformed)
    }
}

impl fmt::Debug for Hs256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hs256")
    }
}

/// The three parts of a compact token, still encoded.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// Header and payload with the dot between them: what is signed.
    pub signed: &'a str,
    /// The first part.
    pub header: &'a str,
    /// The second part.
    pub payload: &'a str,
    /// The third part: a secret as good as the token itself.
    pub signature: &'a str,
}

impl<'a> Parts<'a> {
    /// Cuts a token at its dots.
    pub fn split(token: &'a str) -> Result<Self, Untrusted> {
        if token.len() > MAX_LENGTH {
            return Err(Untrusted::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Untrusted::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Untrusted::Malformed)?;
        if payload.contains('.') {
            return Err(Untrusted::Malformed);
        }
        Ok(Self {
            signed,
            header,
            payload,
            signature,
        })
    }

    fn check_header(self) -> Result<(), Untrusted> {
        let json = URL_SAFE_NO_PAD
            .decode(self.header)
            .map_err(|_| Untrusted::Malformed)?;
        let header: Header<'_> = serde_json::from_slice(&json).map_err(|_| Untrusted::Malformed)?;
        if header.alg == "HS256" && header.crit.is_none() {
            Ok(())
        } else {
            Err(Untrusted::Algorithm)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Hs256 {
        Hs256::new(&SecretString::from(secret))
    }

    fn token(header: &str, payload: &str, signature: &str) -> String {
        [header, payload, signature]
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .join(".")
    }

    #[test]
    fn what_is_signed_is_verified_by_us_and_by_jsonwebtoken() {
        for length in [1, 31, 32, 64, 65, 200] {
            let secret = "s".repeat(length);
            let claims = serde_json::json!({"exp": 4_102_444_800_u64, "text": "ü\"\\"});
            let token = key(&secret).sign(&claims).unwrap();
            let payload = key(&secret).verify(&token).unwrap();
            assert_eq!(
                serde_json::from_slice::<serde_json::Value>(&payload).unwrap(),
                claims
            );
            let theirs = jsonwebtoken::decode::<serde_json::Value>(
                &token,
                &jsonwebtoken::DecodingKey::from_secret(secret.as_bytes()),
                &jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256),
            );
            assert_eq!(theirs.unwrap().claims, claims);
        }
    }

    #[test]
    fn what_jsonwebtoken_signs_is_verified() {
        let token = jsonwebtoken::encode(
            &jsonwebtoken::Header::default(),
            &serde_json::json!({"a": 1}),
            &jsonwebtoken::EncodingKey::from_secret(b"secret"),
        );
        assert_eq!(
            key("secret").verify(&token.unwrap()).unwrap(),
            br#"{"a":1}"#
        );
    }

    #[test]
    fn another_algorithm_is_refused_whatever_the_signature() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None","typ":"JWT"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"HS256","crit":["exp"]}"#,
        ] {
            assert_eq!(
                key("secret").verify(&token(header, "{}", "")),
                Err(Untrusted::Algorithm),
                "{header}"
            );
        }
    }

    #[test]
    fn a_changed_token_is_refused() {
        let good = key("secret").sign(&serde_json::json!({"a": 1})).unwrap();
        let (signed, signature) = good.rsplit_once('.').unwrap();
        for bad in [
            format!("{signed}."),
            format!("{signed}.{}", &signature[..signature.len() - 4]),
            format!("{signed}.{signature}AAAA"),
            format!("{signed}x.{signature}"),
        ] {
            assert_eq!(
                key("secret").verify(&bad),
                Err(Untrusted::Signature),
                "{bad}"
            );
        }
        assert_eq!(key("other").verify(&good), Err(Untrusted::Signature));
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        for bad in [
            "",
            ".",
            "..",
            "...",
            "a.b",
            "a.b.c.d",
            "eyJhbGciOiJIUzI1NiJ9",
            &token("[]", "{}", ""),
            &token(r#"{"typ":"JWT"}"#, "{}", ""),
            &"a".repeat(20_000),
        ] {
            assert_eq!(
                key("secret").verify(bad),
                Err(Untrusted::Malformed),
                "{bad}"
            );
        }
    }
}
