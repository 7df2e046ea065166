//! Sessions of local users: HS256 tokens of our own.

use std::borrow::Cow;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Caller, Denied};
use crate::error::{Context as _, Result};
use crate::jwt::Hs256;
use crate::store::User;

/// How long a login lasts. The contract has no refresh, so it spans a working day.
pub const SESSION_TTL: Duration = Duration::from_hours(12);

const ISSUER: &str = "urbania";
const AUDIENCE: &str = "urbania-api";

/// Clocks of two machines may differ by this much.
const LEEWAY: u64 = 60;

/// Issues and verifies sessions.
#[derive(Clone, Debug)]
pub struct Sessions(Hs256);

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    aud: Cow<'a, str>,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    exp: u64,
    #[serde(borrow)]
    username: Cow<'a, str>,
    roles: Cow<'a, [String]>,
}

impl Sessions {
    /// Prepares the secret.
    pub fn new(secret: &SecretString) -> Self {
        Self(Hs256::new(secret))
    }

    /// A session that begins `now`, in seconds since 1970.
    pub fn issue(&self, user: &User, now: u64) -> Result<SecretString> {
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user.id.as_str().into(),
            nbf: Some(now),
            exp: now + SESSION_TTL.as_secs(),
            username: user.username.as_str().into(),
            roles: user.roles.as_slice().into(),
        };
        self.0
            .sign(&claims)
            .map(SecretString::from)
            .or_fail(|| "cannot sign a session".into())
    }

    /// Whose session it is.
    pub fn verify(&self, token: &str, now: u64) -> Result<Caller, Denied> {
        let payload = self.0.verify(token).map_err(|_| Denied::Invalid)?;
        let claims: Claims<'_> = serde_json::from_slice(&payload).map_err(|_| Denied::Invalid)?;
        let early = claims.nbf.is_some_and(|nbf| nbf > now + LEEWAY);
        if claims.iss != ISSUER || claims.aud != AUDIENCE || claims.sub.is_empty() || early {
            return Err(Denied::Invalid);
        }
        if claims.exp.saturating_add(LEEWAY) <= now {
            return Err(Denied::Expired);
        }
        Ok(Caller {
            id: claims.sub.into_owned(),
            username: claims.username.into_owned(),
            roles: claims.roles.into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    const NOW: u64 = 1_800_000_000;

    fn secret() -> SecretString {
        "a secret of thirty-two characters".into()
    }

    fn signed(change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({
            "iss": "urbania", "aud": "urbania-api", "sub": "id", "exp": NOW + 10,
            "username": "ada", "roles": ["admin"],
        });
        change(&mut claims);
        Hs256::new(&secret()).sign(&claims).unwrap()
    }

    fn verify(token: &str) -> Result<Caller, Denied> {
        Sessions::new(&secret()).verify(token, NOW)
    }

    #[test]
    fn an_issued_session_names_its_user_until_it_expires() {
        let user = User {
            id: "id".into(),
            username: "ada \"ü\"".into(),
            roles: vec!["admin".into()],
            password_hash: "".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let sessions = Sessions::new(&secret());
        let token = sessions.issue(&user, NOW).unwrap();
        let end = NOW + SESSION_TTL.as_secs();
        for now in [NOW - LEEWAY, NOW, end, end + LEEWAY - 1] {
            let caller = sessions.verify(token.expose_secret(), now).unwrap();
            assert_eq!(caller.id, "id");
            assert_eq!(caller.username, "ada \"ü\"");
            assert_eq!(caller.roles, ["admin"]);
        }
        let late = sessions.verify(token.expose_secret(), end + LEEWAY);
        assert_eq!(late, Err(Denied::Expired));
        let early = sessions.verify(token.expose_secret(), NOW - LEEWAY - 1);
        assert_eq!(early, Err(Denied::Invalid));
    }

    #[test]
    fn a_session_for_somebody_else_or_of_somebody_else_is_refused() {
        assert!(verify(&signed(|_| {})).is_ok());
        for (claim, value) in [
            ("iss", json!("other")),
            ("aud", json!("other")),
            ("aud", json!(null)),
            ("sub", json!("")),
            ("sub", json!(1)),
            ("exp", json!(null)),
            ("exp", json!("tomorrow")),
            ("exp", json!(-1)),
        ] {
            let token = signed(|claims| claims[claim] = value.clone());
            assert_eq!(verify(&token), Err(Denied::Invalid), "{claim}: {value}");
        }
        for claim in ["iss", "aud", "sub", "exp"] {
            let token = signed(|claims| {
                claims.as_object_mut().unwrap().remove(claim);
            });
            assert_eq!(verify(&token), Err(Denied::Invalid), "without {claim}");
        }
    }
}
