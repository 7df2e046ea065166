//! The API key pair that signs and verifies tokens.

use secrecy::SecretString;

/// A key and its secret, as under `keys:` in livekit.yaml.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The key's name, the `iss` claim of tokens; not a secret. LiveKit's own begin with `API`.
    pub key: String,
    /// The HMAC secret; 32 characters or more.
    pub secret: SecretString,
}
