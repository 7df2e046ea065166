//! Bodies field by field: what is wrong with each, before a contract puts it into words.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::refusal::Refusal;
use crate::livekit::token::LONGEST_NAME;

/// What is wrong with one field of the body, or with the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field; `None`: the whole body.
    pub field: Option<&'static str>,
    /// Which entry of it, when it is a list.
    pub index: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not there.
    Missing,
    /// It is an empty string.
    Empty,
    /// It is no string.
    NotText,
    /// It is no integer.
    NotInteger,
    /// It is below this.
    TooSmall(i64),
    /// It is above this.
    TooLarge(i64),
    /// It is no list, or a list with something else in it.
    NotList,
    /// It is none of these words, `'audio' or 'video'`.
    NotOneOf(&'static str),
    /// The body is no object.
    NotObject,
}

/// A field of a JSON object before it is judged.
#[derive(Clone, Debug, Default)]
pub enum Field<'a> {
    /// Not there.
    #[default]
    Missing,
    /// `null`.
    Null,
    /// A string.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Switch(bool),
    /// A list.
    List(Vec<Self>),
    /// Something else.
    Other,
}

/// Parses an object whose members are [`Field`]s.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    let malformed = |e| Refusal::BadRequest(format!("Malformed JSON: {e}"));
    let invalid = |problem| {
        Refusal::Invalid(vec![Invalid {
            field: None,
            index: None,
            problem,
        }])
    };
    match body.trim_ascii() {
        [b'{', ..] => serde_json::from_slice(body).map_err(malformed),
        b"" | b"null" => Err(invalid(Problem::Missing)),
        _ => {
            let _: IgnoredAny = serde_json::from_slice(body).map_err(malformed)?;
            Err(invalid(Problem::NotObject))
        }
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub struct Problems(Vec<Invalid>);

impl Problems {
    /// The text of a field that must be there; empty when it is not.
    pub fn text<'a>(&mut self, name: &'static str, field: Field<'a>) -> Cow<'a, str> {
        let problem = match field {
            Field::Text(text) => return text,
            Field::Missing => Problem::Missing,
            _ => Problem::NotText,
        };
        self.add(name, problem);
        Cow::Borrowed("")
    }

    /// Like [`Self::text`], and not empty.
    pub fn filled<'a>(&mut self, name: &'static str, field: Field<'a>) -> Cow<'a, str> {
        let given = matches!(field, Field::Text(_));
        let text = self.text(name, field);
        if given && text.is_empty() {
            self.add(name, Problem::Empty);
        }
        text
    }

    /// The text of a field that may be left out or `null`.
    pub fn optional<'a>(&mut self, name: &'static str, field: Field<'a>) -> Option<Cow<'a, str>> {
        match field {
            Field::Missing | Field::Null => None,
            field => Some(self.text(name, field)),
        }
    }

    /// The strings of a list that must be there; none of them may be empty.
    pub fn texts<'a>(&mut self, name: &'static str, field: Field<'a>) -> Vec<Cow<'a, str>> {
        let items = match field {
            Field::List(items) => items,
            Field::Missing => {
                self.add(name, Problem::Missing);
                return Vec::new();
            }
            _ => {
                self.add(name, Problem::NotList);
                return Vec::new();
            }
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let problem = match item {
                Field::Text(text) if text.is_empty() => Problem::Empty,
                Field::Text(text) => {
                    texts.push(text);
                    continue;
                }
                _ => Problem::NotText,
            };
            self.0.push(Invalid {
                field: Some(name),
                index: Some(index),
                problem,
            });
        }
        texts
    }

    /// A switch that may be left out or `null`.
    pub fn switch(&mut self, name: &'static str, field: &Field<'_>) -> bool {
        match field {
            Field::Switch(on) => return *on,
            Field::Missing | Field::Null => {}
            _ => self.add(name, Problem::NotOneOf("true or false")),
        }
        false
    }

    /// Adds that a text is none of these words, unless there is a problem with the field already.
    pub fn word(&mut self, name: &'static str, text: &str, words: &'static str) {
        if !text.is_empty() || !self.0.iter().any(|p| p.field == Some(name)) {
            self.add(name, Problem::NotOneOf(words));
        }
    }

    /// Adds a problem.
    pub fn add(&mut self, name: &'static str, problem: Problem) {
        self.0.push(Invalid {
            field: Some(name),
            index: None,
            problem,
        });
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

    fn visit_bool<E>(self, on: bool) -> Result<Field<'de>, E> {
        Ok(Field::Switch(on))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field<'de>, E> {
        Ok(Field::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field<'de>, E> {
        Ok(Field::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    /// JavaScript has one kind of number: 60.0 and 6e1 are whole ones.
    fn visit_f64<E>(self, number: f64) -> Result<Field<'de>, E> {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let whole = (number.fract() == 0.0).then_some(number as i64);
        Ok(whole.map_or(Field::Other, Field::Integer))
    }

    fn visit_unit<E>(self) -> Result<Field<'de>, E> {
        Ok(Field::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Field::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}
