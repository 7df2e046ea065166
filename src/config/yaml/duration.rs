//! Durations as LiveKit writes them.

/// Units of a duration with their nanoseconds; none begins with one that stands before it.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
];

/// `1h2m3.5s`, as Go reads it.
pub fn nanoseconds(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1.0, text),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if text == "0" {
        return Some(0.0);
    }
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = |(unit, worth): &(&str, f64)| Some((rest.strip_prefix(unit)?, *worth));
        let (after, worth) = UNITS.iter().find_map(unit)?;
        sum += number * worth;
        rest = after;
    }
    // What 64 bits hold: 292 years.
    (!text.is_empty() && sum < 9.2e18).then_some(sign * sum)
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn durations_are_those_of_go() {
        for (text, worth) in [
            ("0", 0.0),
            ("500ms", 5e8),
            ("1m30s", 9e10),
            ("1.5h", 5.4e12),
            ("-10us", -1e4),
            (".5s", 5e8),
        ] {
            assert_eq!(nanoseconds(text), Some(worth), "{text}");
        }
        for text in ["", "5", "5 s", "1d", "ms", "1s5", ".s", "3000000h", "-"] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }
}
