//! Ids of the apps: an ObjectId, a text or a number in the database, a text here.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};

/// The text of an id; `None` for what is none.
pub fn text(value: &Bson) -> Option<String> {
    match value {
        Bson::ObjectId(id) => Some(id.to_hex()),
        Bson::String(id) => Some(id.clone()),
        Bson::Int32(id) => Some(id.to_string()),
        Bson::Int64(id) => Some(id.to_string()),
        // What JavaScript writes for a whole number.
        Bson::Double(id) if id.fract() == 0.0 && id.abs() <= 9_007_199_254_740_991.0 => {
            Some(format!("{id:.0}"))
        }
        _ => None,
    }
}

/// The documents with this id, whatever type it has there.
pub fn filter(field: &str, id: &str) -> Document {
    doc! { field: { "$in": candidates(id) } }
}

/// An id as a new document has it: an ObjectId where it looks like one.
pub fn value(id: &str) -> Bson {
    object_id(id).unwrap_or_else(|| Bson::String(id.to_owned()))
}

/// Every value whose [`text`] is `id`: one document has one id, and the other way round.
fn candidates(id: &str) -> Vec<Bson> {
    let number = id.parse().ok().filter(|n: &i64| n.to_string() == id);
    [
        Some(Bson::String(id.to_owned())),
        object_id(id),
        number.map(Bson::Int64),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn object_id(id: &str) -> Option<Bson> {
    let parsed = ObjectId::parse_str(id).ok()?;
    (parsed.to_hex() == id).then_some(Bson::ObjectId(parsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "65f0c1a2b3d4e5f601234567";

    #[test]
    fn an_id_is_sought_as_every_type_that_reads_as_it() {
        assert_eq!(candidates("ada").len(), 1);
        assert_eq!(
            candidates("42"),
            [Bson::String("42".into()), Bson::Int64(42)]
        );
        let object_id = Bson::ObjectId(ObjectId::parse_str(HEX).unwrap());
        assert_eq!(
            candidates(HEX),
            [Bson::String(HEX.into()), object_id.clone()]
        );
        for id in ["ada", "42", "-1", HEX] {
            for candidate in candidates(id) {
                assert_eq!(text(&candidate).as_deref(), Some(id));
            }
        }
        assert_eq!(value(HEX), object_id);
        assert_eq!(value("42"), Bson::String("42".into()));
    }

    #[test]
    fn another_spelling_is_another_id() {
        for id in ["042", "+1", "65F0C1A2B3D4E5F601234567", "1e3"] {
            assert_eq!(candidates(id), [Bson::String(id.into())], "{id}");
        }
    }

    #[test]
    fn only_ids_have_a_text() {
        assert_eq!(text(&Bson::Double(7.0)).as_deref(), Some("7"));
        for value in [
            Bson::Double(0.5),
            Bson::Double(f64::NAN),
            Bson::Null,
            Bson::Boolean(true),
        ] {
            assert_eq!(text(&value), None, "{value}");
        }
    }
}
