//! The claims of a token, after its signature was verified.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Caller, Denied, Provider};
use crate::config::ClaimNames;
use crate::livekit::token::LONGEST_NAME;

/// Clocks of two machines may differ by this much, in seconds.
pub const LEEWAY: u64 = 60;

/// What a token says.
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Reads the payload of a token.
    pub fn parse(payload: &[u8]) -> Result<Self, Denied> {
        serde_json::from_slice(payload)
            .map(Self)
            .map_err(|_| Denied::Malformed)
    }

    /// Refuses a token that is not for now. A time that is there but is no time refuses it too.
    pub fn check_times(&self, now: u64, needs_end: bool) -> Result<(), Denied> {
        match self.time("exp")? {
            Some(exp) if exp.saturating_add(LEEWAY) <= now => return Err(Denied::Expired),
            None if needs_end => return Err(Denied::Claims),
            _ => {}
        }
        self.check_past("nbf", now)?;
        self.check_past("iat", now)?;
        Ok(())
    }

    /// Refuses a token one of whose times is yet to come; says whether it is there.
    pub fn check_past(&self, name: &str, now: u64) -> Result<bool, Denied> {
        match self.time(name)? {
            Some(time) if time > now.saturating_add(LEEWAY) => Err(Denied::Early),
            time => Ok(time.is_some()),
        }
    }

    fn time(&self, name: &str) -> Result<Option<u64>, Denied> {
        let seconds = |value: &Value| {
            let whole = || Duration::try_from_secs_f64(value.as_f64()?).ok();
            value.as_u64().or_else(|| Some(whole()?.as_secs()))
        };
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => seconds(value).map(Some).ok_or(Denied::Claims),
        }
    }

    /// Refuses a token that somebody else issued.
    pub fn check_issuer(&self, issuer: &str) -> Result<(), Denied> {
        let is_it = self.0.get("iss").and_then(Value::as_str) == Some(issuer);
        is_it.then_some(()).ok_or(Denied::Issuer)
    }

    /// Refuses a token that is for none of `accepted`.
    pub fn check_audience(&self, accepted: &[String]) -> Result<(), Denied> {
        let is_ours = |aud: &Value| {
            aud.as_str()
                .is_some_and(|aud| accepted.iter().any(|a| a == aud))
        };
        let ours = match self.0.get("aud") {
            Some(Value::Array(many)) => many.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        ours.then_some(()).ok_or(Denied::Audience)
    }

    /// Whom the token is about.
    pub fn caller(
        &self,
        names: &ClaimNames,
        id_prefix: &str,
        provider: Provider,
    ) -> Result<Caller, Denied> {
        let id = match self.find(&names.id) {
            Some(Value::String(id)) if !id.is_empty() => format!("{id_prefix}{id}"),
            Some(Value::Number(id)) if !id.is_f64() => format!("{id_prefix}{id}"),
            _ => return Err(Denied::Claims),
        };
        if id.len() > LONGEST_NAME {
            return Err(Denied::Claims);
        }
        let name = self.find(&names.name).and_then(Value::as_str);
        let username = name.filter(|name| !name.is_empty()).unwrap_or(&id);
        Ok(Caller {
            username: username.to_owned(),
            roles: self.find(&names.roles).map(roles).unwrap_or_default(),
            provider,
            expires_at: self.time("exp")?,
            password_mark: None,
            id,
        })
    }

    /// The claim of this name, else the one at this path: names such as `https://example.com/roles`
    /// have dots too.
    fn find(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(path) {
            return Some(value);
        }
        let (first, rest) = path.split_once('.')?;
        rest.split('.')
            .try_fold(self.0.get(first)?, |value, name| value.get(name))
    }
}

/// A list of words, or words in one text.
fn roles(value: &Value) -> Vec<String> {
    match value {
        Value::Array(roles) => roles
            .iter()
            .filter_map(|role| role.as_str().map(str::to_owned))
            .collect(),
        Value::String(roles) => roles.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: u64 = 1_800_000_000;

    fn claims(value: &Value) -> Claims {
        Claims::parse(value.to_string().as_bytes()).unwrap()
    }

    fn caller(value: &Value, id: &str) -> Result<Caller, Denied> {
        let names = ClaimNames {
            id: id.into(),
            name: "profile.name".into(),
            roles: "https://example.com/roles".into(),
        };
        claims(value).caller(&names, "", Provider::Hs256)
    }

    #[test]
    fn times_are_judged_with_a_minute_of_leeway() {
        let check = |value: Value| claims(&value).check_times(NOW, true);
        for (value, expected) in [
            (json!({"exp": NOW + 1}), Ok(())),
            (json!({"exp": NOW - 59}), Ok(())),
            (json!({"exp": NOW - 60}), Err(Denied::Expired)),
            (json!({"exp": 1_800_000_000.5}), Ok(())),
            (json!({"exp": u64::MAX}), Ok(())),
            (json!({"exp": -1}), Err(Denied::Claims)),
            (json!({"exp": 1e300}), Err(Denied::Claims)),
            (json!({"exp": "1900000000"}), Err(Denied::Claims)),
            (json!({"exp": null}), Err(Denied::Claims)),
            (json!({}), Err(Denied::Claims)),
            (json!({"exp": NOW + 1, "nbf": NOW + 60}), Ok(())),
            (json!({"exp": NOW + 1, "nbf": NOW + 61}), Err(Denied::Early)),
            (json!({"exp": NOW + 1, "iat": NOW + 60}), Ok(())),
            (json!({"exp": NOW + 1, "iat": NOW + 61}), Err(Denied::Early)),
            (json!({"exp": NOW + 1, "iat": "now"}), Err(Denied::Claims)),
        ] {
            assert_eq!(check(value.clone()), expected, "{value}");
        }
        assert_eq!(claims(&json!({})).check_times(NOW, false), Ok(()));
        let old = claims(&json!({"exp": NOW - 60}));
        assert_eq!(old.check_times(NOW, false), Err(Denied::Expired));
    }

    #[test]
    fn the_audience_is_one_or_one_of_many() {
        let accepted = ["a".to_owned(), "b".to_owned()];
        for (aud, ours) in [
            (json!("a"), true),
            (json!(["x", "b"]), true),
            (json!("ab"), false),
            (json!(["x"]), false),
            (json!([]), false),
            (json!({"a": "a"}), false),
            (json!(null), false),
        ] {
            let found = claims(&json!({"aud": aud})).check_audience(&accepted);
            assert_eq!(found.is_ok(), ours, "{aud}");
        }
        let none = claims(&json!({})).check_audience(&accepted);
        assert_eq!(none, Err(Denied::Audience));
    }

    #[test]
    fn ids_are_texts_or_whole_numbers_at_a_name_or_a_path() {
        for (value, id, expected) in [
            (json!({"sub": "ada"}), "sub", Some("ada")),
            (json!({"sub": 42}), "sub", Some("42")),
            (json!({"sub": -1}), "sub", Some("-1")),
            (json!({"user": {"id": 7}}), "user.id", Some("7")),
            (
                json!({"user.id": "x", "user": {"id": 7}}),
                "user.id",
                Some("x"),
            ),
            (json!({"sub": ""}), "sub", None),
            (json!({"sub": 1.5}), "sub", None),
            (json!({"sub": true}), "sub", None),
            (json!({"sub": null}), "sub", None),
            (json!({"sub": ["ada"]}), "sub", None),
            (json!({"sub": "x".repeat(257)}), "sub", None),
            (json!({}), "sub", None),
            (json!({"user": "ada"}), "user.id", None),
        ] {
            let found = caller(&value, id).ok().map(|caller| caller.id);
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn names_and_roles_are_taken_where_they_are() {
        let full = caller(
            &json!({
                "sub": 1, "profile": {"name": "Ada"},
                "https://example.com/roles": ["admin", 3, "member"],
            }),
            "sub",
        );
        let full = full.unwrap();
        assert_eq!((full.id.as_str(), full.username.as_str()), ("1", "Ada"));
        assert_eq!(full.roles, ["admin", "member"]);
        let words = json!({"sub": "x", "https://example.com/roles": "a  b"});
        let words = caller(&words, "sub").unwrap();
        assert_eq!((words.username.as_str(), words.roles.len()), ("x", 2));
    }

    #[test]
    fn a_prefix_tells_ids_of_providers_apart() {
        let names = ClaimNames::default();
        let caller = claims(&json!({"sub": "1"})).caller(&names, "shop:", Provider::Jwks);
        assert_eq!(caller.unwrap().id, "shop:1");
        let long = "p".repeat(256);
        let caller = claims(&json!({"sub": "1"})).caller(&names, &long, Provider::Jwks);
        assert_eq!(caller, Err(Denied::Claims));
    }
}
