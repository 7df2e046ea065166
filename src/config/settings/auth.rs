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
    /// Below which paths its word counts, such as `/api/reading-clubs`; empty: everywhere.
    pub paths: Vec<String>,
    /// What the `aud` of its tokens must hold one of; empty: anything.
    pub audience: Vec<String>,
    /// Whether a token must have an `exp`.
    pub require_exp: bool,
    /// Where the claims are.
    pub claims: ClaimNames,
    /// Stands before every id, where ids of two providers could mean two people.
    pub id_prefix: String,
}

impl Hs256Settings {
    /// Whether its word counts on a path.
    pub fn counts_at(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|above| is_below(path, above))
    }

    /// Whether there is a path on which the word of both counts.
    pub fn meets(&self, other: &Self) -> bool {
        let within = |one: &Self, other: &Self| one.paths.iter().any(|path| other.counts_at(path));
        let everywhere = self.paths.is_empty() && other.paths.is_empty();
        everywhere || within(self, other) || within(other, self)
    }
}

/// Whether a path is this one or goes on below it.
fn is_below(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Default for Hs256Settings {
    fn default() -> Self {
        Self {
            secret_env: String::new(),
            issuer: None,
            paths: Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(paths: &[&str]) -> Hs256Settings {
        Hs256Settings {
            paths: paths.iter().map(ToString::to_string).collect(),
            ..Hs256Settings::default()
        }
    }

    #[test]
    fn a_backends_word_counts_below_its_paths() {
        let clubs = at(&["/api/reading-clubs", "/api/auth/me/"]);
        for path in ["/api/reading-clubs", "/api/reading-clubs/x", "/api/auth/me"] {
            assert!(clubs.counts_at(path), "{path}");
        }
        for path in ["/", "/api", "/api/reading-clubsters", "/api/auth/mean"] {
            assert!(!clubs.counts_at(path), "{path}");
        }
        assert!(at(&[]).counts_at("/anywhere") && at(&["/"]).counts_at("/anywhere"));
    }

    #[test]
    fn two_backends_meet_where_the_path_of_one_is_below_that_of_the_other() {
        for (one, other, meet) in [
            (&[][..], &[][..], true),
            (&[], &["/a"], true),
            (&["/a"], &["/a/b"], true),
            (&["/a", "/b"], &["/c", "/b"], true),
            (&["/a"], &["/b"], false),
            (&["/a"], &["/ab"], false),
        ] {
            assert_eq!(at(one).meets(&at(other)), meet, "{one:?} {other:?}");
            assert_eq!(at(other).meets(&at(one)), meet, "{other:?} {one:?}");
        }
    }
}
