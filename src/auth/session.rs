//! Sessions of local users: HS256 tokens of our own.

use std::borrow::Cow;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::claims::LEEWAY;
use super::{Caller, Denied, Provider};
use crate::error::{Context as _, Result};
use crate::jwt::{Hs256, Untrusted};
use crate::store::User;

/// How long a login lasts. The contract has no refresh, so it spans a working day.
pub const SESSION_TTL: Duration = Duration::from_hours(12);

/// The issuer of sessions; no other provider can have this name.
pub const ISSUER: &str = "urbania";
const AUDIENCE: &str = "urbania-api";

/// Issues and verifies sessions. Those that a previous secret signed stay good until they expire.
#[derive(Clone, Debug)]
pub struct Sessions {
    current: Hs256,
    previous: Vec<Hs256>,
}

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
    /// A session ends with the password that it was begun with.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pwd: Option<Cow<'a, str>>,
}

impl Sessions {
    /// Prepares the secrets.
    pub fn new(current: &SecretString, previous: &[SecretString]) -> Self {
        Self {
            current: Hs256::new(current),
            previous: previous.iter().map(Hs256::new).collect(),
        }
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
            pwd: Some(user.password_mark().into()),
        };
        self.current
            .sign(&claims)
            .map(SecretString::from)
            .or_fail(|| "cannot sign a session".into())
    }

    /// Whose session it is.
    pub fn verify(&self, token: &str, now: u64) -> Result<Caller, Denied> {
        let payload = self.payload(token)?;
        let claims: Claims<'_> = serde_json::from_slice(&payload).map_err(|_| Denied::Claims)?;
        if claims.iss != ISSUER {
            return Err(Denied::Issuer);
        }
        if claims.aud != AUDIENCE {
            return Err(Denied::Audience);
        }
        if claims.sub.is_empty() {
            return Err(Denied::Claims);
        }
        if claims.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
            return Err(Denied::Early);
        }
        if claims.exp.saturating_add(LEEWAY) <= now {
            return Err(Denied::Expired);
        }
        Ok(Caller {
            id: claims.sub.into_owned(),
            username: claims.username.into_owned(),
            roles: claims.roles.into_owned(),
            provider: Provider::Local,
            expires_at: Some(claims.exp),
            password_mark: claims.pwd.map(Cow::into_owned),
        })
    }

    fn payload(&self, token: &str) -> Result<Vec<u8>, Untrusted> {
        let current = self.current.verify(token);
        let mut previous = self.previous.iter();
        match current {
            Err(Untrusted::Signature) => previous
                .find_map(|secret| secret.verify(token).ok())
                .ok_or(Untrusted::Signature),
            current => current,
        }
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
        Sessions::new(&secret(), &[]).verify(token, NOW)
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
        let sessions = Sessions::new(&secret(), &[]);
        let token = sessions.issue(&user, NOW).unwrap();
        let end = NOW + SESSION_TTL.as_secs();
        for now in [NOW - LEEWAY, NOW, end, end + LEEWAY - 1] {
            let caller = sessions.verify(token.expose_secret(), now).unwrap();
            assert_eq!(caller.id, "id");
            assert_eq!(caller.username, "ada \"ü\"");
            assert_eq!(caller.roles, ["admin"]);
            assert_eq!(caller.password_mark, Some(user.password_mark()));
        }
        let late = sessions.verify(token.expose_secret(), end + LEEWAY);
        assert_eq!(late, Err(Denied::Expired));
        let early = sessions.verify(token.expose_secret(), NOW - LEEWAY - 1);
        assert_eq!(early, Err(Denied::Early));
    }

    #[test]
    fn sessions_of_previous_secrets_are_verified_and_no_longer_issued() {
        let user = User {
            id: "id".into(),
            username: "ada".into(),
            roles: Vec::new(),
            password_hash: "".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let [oldest, old, new] = ["oldest", "old", "new"].map(SecretString::from);
        let issue = |secret: &SecretString| {
            let session = Sessions::new(secret, &[]).issue(&user, NOW).unwrap();
            session.expose_secret().to_owned()
        };
        let rotated = Sessions::new(&new, &[old.clone(), oldest.clone()]);
        for secret in [&new, &old, &oldest] {
            assert_eq!(rotated.verify(&issue(secret), NOW).unwrap().id, "id");
        }
        let done = Sessions::new(&new, std::slice::from_ref(&old));
        assert_eq!(done.verify(&issue(&oldest), NOW), Err(Denied::Signature));
        let fresh = rotated.issue(&user, NOW).unwrap();
        let only_new = Sessions::new(&new, &[]);
        assert!(only_new.verify(fresh.expose_secret(), NOW).is_ok());
    }

    #[test]
    fn a_session_for_somebody_else_or_of_somebody_else_is_refused() {
        assert!(verify(&signed(|_| {})).is_ok());
        for (claim, value, denied) in [
            ("iss", json!("other"), Denied::Issuer),
            ("aud", json!("other"), Denied::Audience),
            ("aud", json!(null), Denied::Claims),
            ("sub", json!(""), Denied::Claims),
            ("sub", json!(1), Denied::Claims),
            ("exp", json!(null), Denied::Claims),
            ("exp", json!("tomorrow"), Denied::Claims),
            ("exp", json!(-1), Denied::Claims),
        ] {
            let token = signed(|claims| claims[claim] = value.clone());
            assert_eq!(verify(&token), Err(denied), "{claim}: {value}");
        }
        for claim in ["iss", "aud", "sub", "exp"] {
            let token = signed(|claims| {
                claims.as_object_mut().unwrap().remove(claim);
            });
            assert_eq!(verify(&token), Err(Denied::Claims), "without {claim}");
        }
    }
}
