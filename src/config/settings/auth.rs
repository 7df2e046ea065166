//! `auth` of `urbania.yaml`: whom the API believes, besides its own users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where Google publishes the keys of Firebase's ID tokens.
const FIREBASE_KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// Whom the API believes, besides its own users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct AuthSettings {
    /// Existing backends that sign their tokens with a shared secret (HS256).
    pub hs256: Vec<Hs256Settings>,
    /// OpenID Connect issuers, which publish their keys.
    pub jwks: Vec<JwksSettings>,
    /// Firebase Authentication.
    pub firebase: FirebaseSettings,
}

/// An existing backend that signs its tokens with a shared secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Hs256Settings {
    /// Name of the variable, in the environment or in .env, that holds the secret.
    pub secret_env: String,
    /// The `iss` of its tokens. Without it, this backend judges all tokens that no other provider claims.
    pub issuer: Option<String>,
    /// What the `aud` of its tokens must hold one of; empty: anything.
    pub audience: Vec<String>,
    /// Whether a token must have an `exp`.
    pub require_exp: bool,
    /// Where the claims are.
    pub claims: ClaimNames,
    /// Stands before every id, where ids of two providers could mean two people.
    pub id_prefix: String,
}

impl Default for Hs256Settings {
    fn default() -> Self {
        Self {
            secret_env: String::new(),
            issuer: None,
            audience: Vec::new(),
            require_exp: true,
            claims: ClaimNames::default(),
            id_prefix: String::new(),
        }
    }
}

/// An OpenID Connect issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct JwksSettings {
    /// The `iss` of its tokens, letter by letter; its configuration is found below this address.
    #[schemars(extend("format" = "http-url"))]
    pub issuer: String,
    /// Address of its keys. Default: where its OpenID Connect configuration says.
    #[schemars(extend("format" = "http-url"))]
    pub jwks_url: Option<String>,
    /// What the `aud` of its tokens must hold one of: the client id of the app.
    pub audience: Vec<String>,
    /// Where the claims are.
    pub claims: ClaimNames,
    /// Stands before every id, where ids of two providers could mean two people.
    pub id_prefix: String,
}

/// Names of claims; `user.id` is the `id` in `user`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct ClaimNames {
    /// Who it is: a text or a whole number.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// What they may do: a list, or words in one text.
    pub roles: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            id: "sub".into(),
            name: "name".into(),
            roles: "roles".into(),
        }
    }
}

/// Firebase Authentication.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct FirebaseSettings {
    /// Id of the Firebase project; without it, no Firebase token is believed.
    #[schemars(extend("format" = "firebase-project"))]
    pub project: Option<String>,
    /// Address of the keys: a JSON Web Key Set, or certificates by key id.
    #[schemars(extend("format" = "http-url"))]
    pub keys_url: String,
}

impl Default for FirebaseSettings {
    fn default() -> Self {
        Self {
            project: None,
            keys_url: FIREBASE_KEYS.into(),
        }
    }
}
