//! What a plain scalar means, as LiveKit's YAML library takes it.

use serde_json::{Number, Value};

/// `true`, `false` and the older spellings that LiveKit still takes for them.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => {
            Some(true)
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => {
            Some(false)
        }
        _ => None,
    }
}

/// Decimal, `1_000`, `0x1f`, `0o17`, `017`, `0b1`.
pub fn integer(text: &str) -> Option<i128> {
    if text.starts_with('_') {
        return None;
    }
    let text = text.replace('_', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// An integer or a decimal fraction.
pub fn number(text: &str) -> Option<Number> {
    if let Some(whole) = integer(text).and_then(whole) {
        return Some(whole);
    }
    if text.starts_with('_') || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Number::from_f64(text.replace('_', "").parse().ok()?)
}

/// The integer as JSON holds it.
pub fn whole(value: i128) -> Option<Number> {
    i64::try_from(value)
        .map(Number::from)
        .or_else(|_| u64::try_from(value).map(Number::from))
        .ok()
}

/// The meaning of a plain scalar that nothing is known about. Only today's truth values count:
/// `on` in an unknown place is a word.
pub fn meaning(text: &str) -> Value {
    match text {
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_every_notation_of_livekits_yaml() {
        for (text, value) in [
            ("0", 0),
            ("7880", 7880),
            ("1_000_000_000", 1_000_000_000),
            ("-1", -1),
            ("+5", 5),
            ("0x1F", 31),
            ("0o17", 15),
            ("017", 15),
            ("0b101", 5),
        ] {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        for text in ["", "-", "0x", "7880a", "1.5", "--1", "08", "_1"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn words_stay_words() {
        for text in ["inf", "nan", "on", "7880 tcp", "v1"] {
            assert_eq!(meaning(text), Value::String(text.into()));
        }
    }
}
