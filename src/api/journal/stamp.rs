//! Times of day for log lines: a second is spelled out once for all lines that name it.

use jiff::Timestamp;

/// Spells seconds, and remembers the last one.
#[derive(Debug, Default)]
pub struct Stamp {
    second: i64,
    text: String,
}

impl Stamp {
    /// `2026-01-31T12:00:00`, in UTC.
    pub fn of(&mut self, second: i64) -> &str {
        if self.text.is_empty() || self.second != second {
            self.second = second;
            let time = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
            self.text = format!("{time:.0}");
            self.text.truncate(self.text.len() - 1);
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_spelled_in_utc_whatever_came_before() {
        let mut stamp = Stamp::default();
        for (second, text) in [
            (0, "1970-01-01T00:00:00"),
            (0, "1970-01-01T00:00:00"),
            (1_769_860_800, "2026-01-31T12:00:00"),
            (1_769_860_801, "2026-01-31T12:00:01"),
            (i64::MAX, "9999-12-30T22:00:00"),
        ] {
            assert_eq!(stamp.of(second), text);
        }
    }
}
