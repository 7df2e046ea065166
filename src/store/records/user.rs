//! Local users.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// So many characters tell two passwords of one user apart.
const MARK: usize = 16;

/// A local user.
#[derive(Clone)]
pub struct User {
    /// Never changes and is never used again.
    pub id: String,
    /// What is typed at login; unique.
    pub username: String,
    /// What the user may do, in the apps' words.
    pub roles: Vec<String>,
    /// Argon2id, in PHC format.
    pub password_hash: SecretString,
    /// When the user was added, to the millisecond.
    pub created_at: Timestamp,
}

impl User {
    /// Whether a user can be called so.
    pub fn is_name(text: &str) -> bool {
        (1..=256).contains(&text.chars().count())
            && text.trim() == text
            && !text.contains(char::is_control)
    }

    /// Another one for each password; tells nothing of it, nor of its hash, which is salted.
    pub fn password_mark(&self) -> String {
        let digest = Sha256::digest(self.password_hash.expose_secret());
        let mut mark = URL_SAFE_NO_PAD.encode(digest);
        mark.truncate(MARK);
        mark
    }

    /// Whether a role can be called so: one word.
    pub fn is_role(text: &str) -> bool {
        !text.is_empty()
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',')
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("username", &self.username)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}
