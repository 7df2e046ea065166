//! Fields of documents that an app wrote: read leniently where they are missing, never guessed where
//! they are something else.

use jiff::Timestamp;
use mongodb::bson::{Bson, Document};

use super::super::StoreError;
use super::ids;

/// A field that holds something else than it should.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{field}` of a document in `{collection}` is not {expected}; `store` in urbania.yaml names the fields"
)]
struct Nonsense {
    collection: String,
    field: String,
    expected: &'static str,
}

/// A document of a collection.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    /// The document, or one within it.
    pub document: &'a Document,
    /// For errors.
    pub collection: &'a str,
}

impl<'a> Fields<'a> {
    /// The value at a path; `None` for `null`, too.
    fn at(self, path: &str) -> Option<&'a Bson> {
        let (first, rest) = path
            .split_once('.')
            .map_or((path, None), |(first, rest)| (first, Some(rest)));
        match (self.document.get(first)?, rest) {
            (Bson::Null, _) => None,
            (value, None) => Some(value),
            (Bson::Document(document), Some(rest)) => Self { document, ..self }.at(rest),
            _ => None,
        }
    }

    fn nonsense(self, field: &str, expected: &'static str) -> StoreError {
        let nonsense = Nonsense {
            collection: self.collection.to_owned(),
            field: field.to_owned(),
            expected,
        };
        StoreError::Broken(nonsense.into())
    }

    /// An id that must be there.
    pub fn id(self, path: &str) -> Result<String, StoreError> {
        self.at(path)
            .and_then(ids::text)
            .ok_or_else(|| self.nonsense(path, "an id"))
    }

    /// A text; empty when it is missing.
    pub fn text(self, path: &str) -> Result<String, StoreError> {
        match self.at(path) {
            None => Ok(String::new()),
            Some(Bson::String(text)) => Ok(text.clone()),
            Some(_) => Err(self.nonsense(path, "a text")),
        }
    }

    /// A truth value; `false` when it is missing.
    pub fn flag(self, path: &str) -> Result<bool, StoreError> {
        match self.at(path) {
            None => Ok(false),
            Some(Bson::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(self.nonsense(path, "true or false")),
        }
    }

    /// A point in time, also one that was written as text.
    pub fn time(self, path: &str) -> Result<Option<Timestamp>, StoreError> {
        let time = match self.at(path) {
            None => return Ok(None),
            Some(Bson::DateTime(at)) => Timestamp::from_millisecond(at.timestamp_millis()).ok(),
            Some(Bson::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        time.map(Some)
            .ok_or_else(|| self.nonsense(path, "a point in time"))
    }

    /// A number of seconds.
    pub fn seconds(self, path: &str) -> Result<Option<u64>, StoreError> {
        let seconds = match self.at(path) {
            None => return Ok(None),
            Some(Bson::Int32(n)) => u64::try_from(*n).ok(),
            Some(Bson::Int64(n)) => u64::try_from(*n).ok(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a fraction of a second is of no interest, and the cast saturates"
            )]
            Some(Bson::Double(n)) if *n >= 0.0 => Some(*n as u64),
            Some(_) => None,
        };
        seconds
            .map(Some)
            .ok_or_else(|| self.nonsense(path, "a number of seconds"))
    }

    /// A list; empty when it is missing.
    pub fn list(self, path: &str) -> Result<&'a [Bson], StoreError> {
        match self.at(path) {
            None => Ok(&[]),
            Some(Bson::Array(items)) => Ok(items),
            Some(_) => Err(self.nonsense(path, "a list")),
        }
    }

    /// A list of texts.
    pub fn texts(self, path: &str) -> Result<Vec<String>, StoreError> {
        let text = |item: &Bson| item.as_str().map(str::to_owned);
        let texts: Option<_> = self.list(path)?.iter().map(text).collect();
        texts.ok_or_else(|| self.nonsense(path, "a list of texts"))
    }

    /// A list of documents.
    pub fn documents(self, path: &str) -> Result<Vec<Self>, StoreError> {
        let within = |item: &'a Bson| {
            let document = item.as_document()?;
            Some(Self { document, ..self })
        };
        let documents: Option<_> = self.list(path)?.iter().map(within).collect();
        documents.ok_or_else(|| self.nonsense(path, "a list of documents"))
    }

    /// A list of ids, bare or as a field of documents.
    pub fn ids(self, path: &str, field: Option<&str>) -> Result<Vec<String>, StoreError> {
        let id = |item: &'a Bson| match item {
            Bson::Document(document) => Self { document, ..self }.at(field?).and_then(ids::text),
            id => ids::text(id),
        };
        let ids: Option<_> = self.list(path)?.iter().map(id).collect();
        ids.ok_or_else(|| self.nonsense(path, "a list of ids"))
    }
}

/// A list of ids as [`Fields::ids`] reads it.
pub fn list_of(ids: &[String], field: Option<&str>) -> Bson {
    let member = |id: &String| {
        let id = ids::value(id);
        match field {
            None => id,
            Some(field) => document([(field, id)]).into(),
        }
    };
    ids.iter().map(member).collect::<Vec<Bson>>().into()
}

/// A document with these values at these paths.
pub fn document<const N: usize>(values: [(&str, Bson); N]) -> Document {
    let mut document = Document::new();
    for (path, value) in values {
        insert(&mut document, path, value);
    }
    document
}

fn insert(document: &mut Document, path: &str, value: Bson) {
    let Some((first, rest)) = path.split_once('.') else {
        document.insert(path, value);
        return;
    };
    let within = document.entry(first.to_owned());
    if let Bson::Document(within) = within.or_insert_with(|| Document::new().into()) {
        insert(within, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{DateTime, doc};

    use super::*;

    fn fields(document: &Document) -> Fields<'_> {
        Fields {
            document,
            collection: "things",
        }
    }

    #[test]
    fn what_is_missing_is_empty_and_what_is_something_else_is_told() {
        let document = doc! { "a": { "b": null, "c": 1 }, "d": ["x", 2] };
        let fields = fields(&document);
        assert_eq!(fields.text("nothing").unwrap(), "");
        assert_eq!(fields.text("a.b").unwrap(), "");
        assert_eq!(fields.seconds("a.c").unwrap(), Some(1));
        assert_eq!(fields.ids("d", None).unwrap(), ["x", "2"]);
        let told = fields.texts("d").unwrap_err();
        let told = std::error::Error::source(&told).unwrap().to_string();
        assert!(
            told.starts_with("`d` of a document in `things` is not a list of texts"),
            "{told}"
        );
        for wrong in [
            fields.id("nothing").map(drop),
            fields.id("a").map(drop),
            fields.text("a.c").map(drop),
            fields.flag("a.c").map(drop),
            fields.time("a.c").map(drop),
            fields.ids("a", None).map(drop),
            fields.documents("d").map(drop),
        ] {
            assert!(matches!(wrong, Err(StoreError::Broken(_))), "{wrong:?}");
        }
    }

    #[test]
    fn members_are_read_bare_and_as_documents() {
        let document = doc! { "m": ["ada", { "user": { "id": 7 } }] };
        let ids = fields(&document).ids("m", Some("user.id")).unwrap();
        assert_eq!(ids, ["ada", "7"]);
        assert!(fields(&document).ids("m", None).is_err());
        let written = list_of(&["ada".to_owned()], Some("user.id"));
        assert_eq!(written, Bson::from(vec![doc! { "user": { "id": "ada" } }]));
    }

    #[test]
    fn times_are_dates_or_text_and_seconds_any_number() {
        let at = Timestamp::from_millisecond(1_800_000_000_123).unwrap();
        let document = doc! {
            "date": DateTime::from_millis(1_800_000_000_123), "text": at.to_string(), "n": 61.9, "m": -1
        };
        let fields = fields(&document);
        assert_eq!(fields.time("date").unwrap(), Some(at));
        assert_eq!(fields.time("text").unwrap(), Some(at));
        assert_eq!(fields.seconds("n").unwrap(), Some(61));
        assert!(fields.seconds("m").is_err());
    }

    #[test]
    fn paths_are_written_as_documents() {
        let written = document([("a.b", 1.into()), ("a.c", 2.into()), ("d", 3.into())]);
        assert_eq!(written, doc! { "a": { "b": 1, "c": 2 }, "d": 3 });
    }
}
