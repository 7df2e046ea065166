//! What a scalar means to a field of the structures that LiveKit decodes its file into.

use serde_json::Value;

use super::{formats, scalar};

/// Where a schema says as what LiveKit declares a place.
pub const DECLARED: &str = "x-livekit";
/// Where a schema says that the keys of a map are `numbers`.
pub const DECLARED_KEYS: &str = "x-livekit-keys";

/// What a field holds afterwards.
#[derive(Debug, PartialEq)]
pub enum Taken {
    /// What is written.
    As(Value),
    /// Something else.
    Altered(Value),
    /// What it held before.
    Unset,
}

/// Why LiveKit refuses a scalar.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is of another type.
    Type,
    /// What is wrong with the value, in words.
    Value(String),
}

/// Reads a scalar that does not stand for nothing as LiveKit does.
pub fn take(takes: &str, text: &str, plain: bool) -> Result<Taken, Wrong> {
    match takes {
        "bool" => boolean(text, plain),
        "float" | "float32" if plain => float(text),
        "duration" if plain && is_other_than_text(text) => Err(Wrong::Type),
        "duration" => formatted("go-duration", text),
        "room-configuration" => Err(Wrong::Type),
        "udp-ports" | "node-ip" if text.is_empty() => Ok(Taken::Unset),
        "udp-ports" | "node-ip" => formatted(takes, text),
        _ => match range(takes) {
            Some(range) if plain => whole(text, range),
            Some(_) => Err(Wrong::Type),
            None if takes.starts_with("float") => Err(Wrong::Type),
            None => Ok(Taken::As(text.into())),
        },
    }
}

/// The least and the most of an integer type.
fn range(takes: &str) -> Option<(i128, i128)> {
    Some(match takes {
        "int" => (i64::MIN.into(), i64::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// In quotes, the older spellings alone are taken.
fn boolean(text: &str, plain: bool) -> Result<Taken, Wrong> {
    let is_todays = ["true", "false"].contains(&text.to_lowercase().as_str());
    match scalar::boolean(text) {
        Some(value) if plain || !is_todays => Ok(Taken::As(value.into())),
        _ => Err(Wrong::Type),
    }
}

fn whole(text: &str, (least, most): (i128, i128)) -> Result<Taken, Wrong> {
    let written = scalar::integer(text).filter(|value| scalar::whole(*value).is_some());
    let value = match written {
        Some(value) => value,
        None => cut_off(text).ok_or(Wrong::Type)?,
    };
    match scalar::whole(value).filter(|_| (least..=most).contains(&value)) {
        None => Err(Wrong::Value(format!(
            "{value} is not between {least} and {most}"
        ))),
        Some(number) if written.is_some() || is_whole(text) => Ok(Taken::As(number.into())),
        Some(number) => Ok(Taken::Altered(number.into())),
    }
}

/// A number without what is behind its point.
fn cut_off(text: &str) -> Option<i128> {
    let number = scalar::number(text)?.as_f64()?;
    format!("{:.0}", number.trunc()).parse().ok()
}

fn is_whole(text: &str) -> bool {
    let number = scalar::number(text).and_then(|number| number.as_f64());
    number.is_some_and(|number| number.fract() == 0.0)
}

fn float(text: &str) -> Result<Taken, Wrong> {
    let is_no_number = [".nan", ".inf", "+.inf", "-.inf"].contains(&text.to_lowercase().as_str());
    match scalar::number(text) {
        Some(number) => Ok(Taken::As(number.into())),
        // JSON has no such number, and urbania needs none.
        None if is_no_number => Ok(Taken::Unset),
        None => Err(Wrong::Type),
    }
}

/// Whether a plain scalar is a number or a truth value.
fn is_other_than_text(text: &str) -> bool {
    !scalar::meaning(text).is_string()
}

fn formatted(format: &str, text: &str) -> Result<Taken, Wrong> {
    match formats::complaint(format, text) {
        None => Ok(Taken::As(text.into())),
        Some(complaint) => Err(Wrong::Value(format!("`{text}` {complaint}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_cut_off_and_never_texts() {
        let taken = |takes, text| take(takes, text, true);
        assert_eq!(taken("uint32", "7880"), Ok(Taken::As(7880.into())));
        assert_eq!(taken("uint32", "1e3"), Ok(Taken::As(1000.into())));
        assert_eq!(taken("uint32", "7880.5"), Ok(Taken::Altered(7880.into())));
        assert_eq!(taken("int", "0x1F"), Ok(Taken::As(31.into())));
        assert_eq!(taken("uint32", "08"), Ok(Taken::As(8.into())));
        assert_eq!(taken("float", "3"), Ok(Taken::As(3.into())));
        assert_eq!(taken("float", ".inf"), Ok(Taken::Unset));
        for (takes, text) in [("uint32", "-1"), ("uint8", "256"), ("uint16", "70000")] {
            assert!(matches!(taken(takes, text), Err(Wrong::Value(_))), "{text}");
        }
        assert_eq!(take("uint32", "7880", false), Err(Wrong::Type));
        assert_eq!(take("float", "1.5", false), Err(Wrong::Type));
        assert_eq!(taken("uint32", "true"), Err(Wrong::Type));
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(take("duration", "5m", true), Ok(Taken::As(json!("5m"))));
        assert_eq!(take("duration", "0", false), Ok(Taken::As(json!("0"))));
        assert_eq!(take("duration", "300", true), Err(Wrong::Type));
        assert!(matches!(
            take("duration", "300", false),
            Err(Wrong::Value(_))
        ));
    }

    #[test]
    fn truth_values_in_quotes_are_taken_in_their_older_spellings_alone() {
        assert_eq!(take("bool", "yes", false), Ok(Taken::As(true.into())));
        assert_eq!(take("bool", "off", true), Ok(Taken::As(false.into())));
        assert_eq!(take("bool", "true", true), Ok(Taken::As(true.into())));
        assert_eq!(take("bool", "true", false), Err(Wrong::Type));
        assert_eq!(take("bool", "1", true), Err(Wrong::Type));
    }
}
