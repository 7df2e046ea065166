//! JSON Web Keys (RFC 7517) that verify signatures; shared secrets are none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::{PublicKey, rsa};

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

/// The key, if it can verify tokens.
pub fn read(value: Value) -> Option<PublicKey> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig");
    let verifies = jwk
        .key_ops
        .as_ref()
        .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    if !signs || !verifies {
        return None;
    }
    let able: &'static [Algorithm] = match (jwk.kty.as_str(), jwk.crv.as_str()) {
        ("RSA", _) => &RSA,
        ("EC", "P-256") => &[Algorithm::ES256],
        ("EC", "P-384") => &[Algorithm::ES384],
        ("OKP", "Ed25519") => &[Algorithm::EdDSA],
        _ => return None,
    };
    let algorithms = narrowed(able, jwk.alg.as_deref())?;
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let has = |text: &str, length| bytes(text).is_some_and(|bytes| bytes.len() == length);
    let key = match able {
        [Algorithm::ES256] if has(&jwk.x, 32) && has(&jwk.y, 32) => {
            DecodingKey::from_ec_components(&jwk.x, &jwk.y).ok()?
        }
        [Algorithm::ES384] if has(&jwk.x, 48) && has(&jwk.y, 48) => {
            DecodingKey::from_ec_components(&jwk.x, &jwk.y).ok()?
        }
        [Algorithm::EdDSA] if has(&jwk.x, 32) => DecodingKey::from_ed_components(&jwk.x).ok()?,
        [_] => return None,
        _ => return rsa(jwk.kid, algorithms, &bytes(&jwk.n)?, &bytes(&jwk.e)?),
    };
    Some(PublicKey {
        kid: jwk.kid,
        algorithms,
        key,
    })
}

/// What the key says that it is for, of what it can.
fn narrowed(able: &'static [Algorithm], alg: Option<&str>) -> Option<&'static [Algorithm]> {
    let alg = match alg {
        None => return Some(able),
        // The newer name of what a token calls EdDSA (RFC 9864).
        Some("Ed25519") => "EdDSA",
        Some(alg) => alg,
    };
    let alg: Algorithm = alg.parse().ok()?;
    able.chunks(1).find(|one| one.contains(&alg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xA5; bytes])
    }

    fn algorithms(jwk: Value) -> Vec<Algorithm> {
        read(jwk).map_or(Vec::new(), |key| key.algorithms.to_vec())
    }

    #[test]
    fn the_key_says_what_it_verifies() {
        let rsa = json!({"kty": "RSA", "n": of(256), "e": "AQAB"});
        assert_eq!(algorithms(rsa.clone()), RSA);
        let with = |jwk: &Value, name: &str, value: Value| {
            let mut jwk = jwk.clone();
            jwk[name] = value;
            algorithms(jwk)
        };
        assert_eq!(with(&rsa, "alg", json!("RS256")), [Algorithm::RS256]);
        assert_eq!(with(&rsa, "use", json!("sig")), RSA);
        assert_eq!(with(&rsa, "key_ops", json!(["verify"])), RSA);
        for (name, value) in [
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("alg", json!("RSA-OAEP")),
            ("alg", json!("none")),
            ("use", json!("enc")),
            ("key_ops", json!(["encrypt"])),
            ("kty", json!("oct")),
            ("kty", json!(1)),
            ("n", json!(of(255))),
            ("n", json!(of(513))),
            ("n", json!("not base64!")),
            ("e", json!("")),
            ("e", json!("AQ")),
            ("e", json!("Ag")),
            ("e", json!(of(5))),
        ] {
            assert_eq!(with(&rsa, name, value.clone()), [], "{name}: {value}");
        }
    }

    #[test]
    fn elliptic_keys_have_the_length_of_their_curve() {
        let ec = |crv: &str, x: usize, y: usize| {
            algorithms(json!({"kty": "EC", "crv": crv, "x": of(x), "y": of(y)}))
        };
        assert_eq!(ec("P-256", 32, 32), [Algorithm::ES256]);
        assert_eq!(ec("P-384", 48, 48), [Algorithm::ES384]);
        assert_eq!(ec("P-256", 48, 48), []);
        assert_eq!(ec("P-256", 32, 31), []);
        assert_eq!(ec("P-521", 66, 66), []);
        let ed = |x: usize, alg: Value| {
            algorithms(json!({"kty": "OKP", "crv": "Ed25519", "x": of(x), "alg": alg}))
        };
        assert_eq!(ed(32, json!(null)), [Algorithm::EdDSA]);
        assert_eq!(ed(32, json!("Ed25519")), [Algorithm::EdDSA]);
        assert_eq!(ed(31, json!(null)), []);
        assert_eq!(ed(33, json!(null)), []);
    }

    #[test]
    fn shared_secrets_are_no_keys() {
        assert_eq!(
            algorithms(json!({"kty": "oct", "k": of(32), "alg": "HS256"})),
            []
        );
    }
}
