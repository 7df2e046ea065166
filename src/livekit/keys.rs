//! The API key pair that signs and verifies tokens.

use std::fmt::Write as _;

use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// LiveKit complains about shorter secrets.
pub const SHORTEST_SECRET: usize = 32;

/// A key and its secret, as under `keys:` in livekit.yaml.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The key's name, the `iss` claim of tokens; not a secret. LiveKit's own begin with `API`.
    pub key: String,
    /// The HMAC secret; 32 characters or more.
    pub secret: SecretString,
}

impl KeyPair {
    /// A fresh pair in LiveKit's own shape: `API` and 12 characters, a secret of 256 bits.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            key: format!("API{}", Alphanumeric.sample_string(rng, 12)),
            secret: generate_secret(rng),
        }
    }

    /// The pair that LiveKit's documentation uses; everybody knows it.
    pub fn documented() -> Self {
        Self {
            key: "devkey".into(),
            secret: "secret".into(),
        }
    }

    /// The pair in reserve beside [`Self::documented`], in files that everybody may read.
    pub fn documented_reserve() -> Self {
        Self {
            key: "devkey-reserve".into(),
            secret: "documented-and-therefore-not-a-secret".into(),
        }
    }

    /// Whether everybody knows it.
    pub fn is_documented(&self) -> bool {
        let known = [Self::documented(), Self::documented_reserve()];
        known.iter().any(|pair| pair.is(self))
    }

    /// Whether it is the same pair.
    pub fn is(&self, other: &Self) -> bool {
        self.key == other.key && self.has_secret(other.secret.expose_secret())
    }

    /// Tells pairs apart without showing the secret: 12 hex digits of SHA-256 over `key:secret`.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(format!("{}:{}", self.key, self.secret.expose_secret()));
        digest.iter().take(6).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Whether LiveKit would complain about the secret's length.
    pub fn is_short(&self) -> bool {
        self.secret.expose_secret().len() < SHORTEST_SECRET
    }

    /// Whether a token that it signs can be worth anything: neither part is empty, has blanks around it or
    /// line ends in it, as what was cut or pasted wrongly has. A short secret is only weak.
    pub fn is_well_formed(&self) -> bool {
        let good = |part: &str| {
            !part.is_empty() && part.trim() == part && !part.contains(char::is_control)
        };
        good(&self.key) && good(self.secret.expose_secret())
    }

    /// Whether two secrets are the same.
    pub fn has_secret(&self, secret: &str) -> bool {
        self.secret.expose_secret() == secret
    }
}

/// 43 letters and digits: 256 bits, and nothing that a shell or YAML would read anything into.
pub fn generate_secret(rng: &mut impl CryptoRng) -> SecretString {
    Alphanumeric.sample_string(rng, 43).into()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_fresh_pair_has_livekits_shape() {
        let pair = KeyPair::generate(&mut StdRng::seed_from_u64(1));
        assert!(pair.key.starts_with("API") && pair.key.len() == 15);
        assert!(!pair.is_short());
        let other = KeyPair::generate(&mut StdRng::seed_from_u64(2));
        assert_ne!(pair.key, other.key);
        assert!(!pair.has_secret(other.secret.expose_secret()));
    }

    #[test]
    fn a_fingerprint_depends_on_key_and_secret() {
        let documented = KeyPair::documented();
        assert_eq!(documented.fingerprint().len(), 12);
        let renamed = KeyPair {
            key: "other".into(),
            ..documented.clone()
        };
        assert_ne!(documented.fingerprint(), renamed.fingerprint());
    }

    #[test]
    fn a_pair_with_blanks_around_or_without_a_part_is_not_well_formed() {
        let well_formed = |key: &str, secret: &str| {
            let pair = KeyPair {
                key: key.into(),
                secret: secret.into(),
            };
            pair.is_well_formed()
        };
        assert!(well_formed("devkey", "a secret of words"));
        for (key, secret) in [
            ("", "s"),
            ("k", ""),
            (" k", "s"),
            ("k", "s\n"),
            ("k", "s\ns"),
            ("k", " "),
        ] {
            assert!(!well_formed(key, secret), "{key:?} {secret:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_secret() {
        assert!(!format!("{:?}", KeyPair::documented()).contains("\"secret\""));
    }
}
