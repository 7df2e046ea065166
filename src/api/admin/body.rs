//! Bodies of admins, member by member.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::HeaderMap;
use serde_json::{Map, Value};

use crate::api::fields::{Invalid, Problem};
use crate::api::payload;
use crate::api::refusal::Refusal;

/// A JSON object and what is wrong with it.
pub struct Members {
    members: Map<String, Value>,
    problems: Vec<Invalid>,
}

impl Members {
    /// Reads the body.
    pub async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let body = payload::read(body).await?;
        payload::must_be_json(headers)?;
        let malformed = |e| Refusal::BadRequest(format!("Malformed JSON: {e}"));
        let whole = |problem| {
            let field = None;
            Refusal::Invalid(vec![Invalid {
                field,
                index: None,
                problem,
            }])
        };
        if body.trim_ascii().is_empty() {
            return Err(whole(Problem::Missing));
        }
        match serde_json::from_slice(&body).map_err(malformed)? {
            Value::Object(members) => Ok(Self {
                members,
                problems: Vec::new(),
            }),
            _ => Err(whole(Problem::NotObject)),
        }
    }

    /// A name that must be there.
    pub fn name(&mut self, field: &'static str) -> String {
        match self.text(field) {
            None => self.wrong(field, Problem::Missing),
            Some(text) if text.is_empty() => self.wrong(field, Problem::Empty),
            Some(text) => return text,
        }
        String::new()
    }

    /// A text that may be left out or `null`.
    pub fn text(&mut self, field: &'static str) -> Option<String> {
        if let Value::String(text) = self.take(field)? {
            return Some(text);
        }
        self.wrong(field, Problem::NotText);
        None
    }

    /// A number from 0 to `most` that may be left out or `null`.
    pub fn number(&mut self, field: &'static str, most: u32) -> Option<u32> {
        let value = self.take(field)?;
        let problem = match value.as_i64() {
            None => Problem::NotInteger,
            Some(n) if n < 0 => Problem::TooSmall(0),
            Some(n) if n > i64::from(most) => Problem::TooLarge(most.into()),
            Some(n) => return u32::try_from(n).ok(),
        };
        self.wrong(field, problem);
        None
    }

    /// `true` or `false`, or left out or `null`.
    pub fn switch(&mut self, field: &'static str) -> Option<bool> {
        let value = self.take(field)?;
        if value.as_bool().is_none() {
            self.wrong(field, Problem::NotOneOf("true or false"));
        }
        value.as_bool()
    }

    /// Names, no more than `most`; none when left out or `null`.
    pub fn names(&mut self, field: &'static str, most: usize) -> Vec<String> {
        let Some(value) = self.take(field) else {
            return Vec::new();
        };
        let names: Option<Vec<String>> = serde_json::from_value(value).ok();
        match names {
            None => self.wrong(field, Problem::NotList),
            Some(names) if names.len() > most => {
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                self.wrong(field, Problem::TooLarge(most));
            }
            Some(names) => return names,
        }
        Vec::new()
    }

    /// Texts by name; none when left out or `null`.
    pub fn texts(&mut self, field: &'static str) -> HashMap<String, String> {
        let Some(value) = self.take(field) else {
            return HashMap::new();
        };
        serde_json::from_value(value).unwrap_or_else(|_| {
            self.wrong(field, Problem::NotObject);
            HashMap::new()
        })
    }

    /// An object inside; `None` when left out or `null`.
    pub fn object(&mut self, field: &'static str) -> Option<Self> {
        if let Value::Object(members) = self.take(field)? {
            return Some(Self {
                members,
                problems: Vec::new(),
            });
        }
        self.wrong(field, Problem::NotObject);
        None
    }

    /// Fails with all problems, also those of an object inside.
    pub fn check(self, inside: Option<Self>) -> Result<(), Refusal> {
        let mut problems = self.problems;
        problems.extend(inside.map(|inside| inside.problems).unwrap_or_default());
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Invalid(problems))
        }
    }

    /// Notes what is wrong with a member.
    pub fn wrong(&mut self, field: &'static str, problem: Problem) {
        let field = Some(field);
        self.problems.push(Invalid {
            field,
            index: None,
            problem,
        });
    }

    /// Whether the member is there and not `null`.
    pub fn has(&self, field: &str) -> bool {
        self.members
            .get(field)
            .is_some_and(|value| !value.is_null())
    }

    /// Whether every member has been read.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        self.members.remove(field).filter(|value| !value.is_null())
    }
}
