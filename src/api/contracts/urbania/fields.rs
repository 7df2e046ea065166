//! Bodies field by field, with the problems that FastAPI would list.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::api::refusal::{Invalid, Refusal};
use crate::livekit::token::LONGEST_NAME;

/// A field of a JSON object before it is judged.
#[derive(Clone, Debug, Default)]
pub enum Field<'a> {
    /// Not there.
    #[default]
    Missing,
    /// A string.
    Text(Cow<'a, str>),
    /// Something else.
    NotText,
}

/// Parses an object whose members are [`Field`]s.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    let malformed = |e| Refusal::BadRequest(format!("Malformed JSON: {e}"));
    let invalid = |msg, kind| {
        let loc = vec!["body"];
        Refusal::Invalid(vec![Invalid { loc, msg, kind }])
    };
    match body.trim_ascii() {
        [b'{', ..] => serde_json::from_slice(body).map_err(malformed),
        b"" | b"null" => Err(invalid("Field required", "missing")),
        _ => {
            let _: IgnoredAny = serde_json::from_slice(body).map_err(malformed)?;
            Err(invalid(
                "Input should be a valid dictionary or object to extract fields from",
                "model_attributes_type",
            ))
        }
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub struct Problems(Vec<Invalid>);

impl Problems {
    /// The text of a field that must be there; empty when it is not.
    pub fn text<'a>(&mut self, name: &'static str, field: Field<'a>) -> Cow<'a, str> {
        let (msg, kind) = match field {
            Field::Text(text) => return text,
            Field::Missing => ("Field required", "missing"),
            Field::NotText => ("Input should be a valid string", "string_type"),
        };
        self.add(name, msg, kind);
        Cow::Borrowed("")
    }

    /// Like [`Self::text`], and not empty.
    pub fn filled<'a>(&mut self, name: &'static str, field: Field<'a>) -> Cow<'a, str> {
        let given = matches!(field, Field::Text(_));
        let text = self.text(name, field);
        if given && text.is_empty() {
            let msg = "String should have at least 1 character";
            self.add(name, msg, "string_too_short");
        }
        text
    }

    fn add(&mut self, name: &'static str, msg: &'static str, kind: &'static str) {
        let loc = vec!["body", name];
        self.0.push(Invalid { loc, msg, kind });
    }

    /// Fails with all problems, when there are any.
    pub fn check(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Invalid(self.0))
        }
    }
}

/// Refuses a name that LiveKit would refuse.
pub fn check_length(name: &'static str, text: &str) -> Result<(), Refusal> {
    if text.len() > LONGEST_NAME {
        return Err(Refusal::BadRequest(format!(
            "{name} is longer than {LONGEST_NAME} bytes"
        )));
    }
    Ok(())
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(text.to_owned().into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
        Ok(Field::NotText)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Field<'de>, E> {
        Ok(Field::NotText)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Field<'de>, E> {
        Ok(Field::NotText)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field<'de>, E> {
        Ok(Field::NotText)
    }

    fn visit_unit<E>(self) -> Result<Field<'de>, E> {
        Ok(Field::NotText)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::NotText)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::NotText)
    }
}
