//! The provider `local`: users of our own store, who log in with a password.

use secrecy::SecretString;

use super::password::{Busy, Passwords};
use crate::store::{Store, StoreError, User};

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such user, or another password; which of the two is nobody's business.
    #[error("Incorrect username or password")]
    Mismatch,
    /// Too many logins at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store cannot say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The user with this name and this password.
pub async fn login(
    store: &dyn Store,
    passwords: &Passwords,
    username: &str,
    password: SecretString,
) -> Result<User, LoginError> {
    let user = store.user_by_name(username).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let matches = passwords.verify(password, hash).await?;
    user.filter(|_| matches).ok_or(LoginError::Mismatch)
}
