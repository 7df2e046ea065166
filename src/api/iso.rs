//! Times in answers: ISO 8601 in UTC with milliseconds, `2026-01-31T12:00:00.000Z`.

use jiff::Timestamp;

/// A time as it is answered.
pub fn iso(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The same for seconds since 1970.
pub fn iso_of_unix(seconds: u64) -> String {
    let at = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    iso(at.unwrap_or(Timestamp::MAX))
}

/// The time without what is shorter than a millisecond: stores keep no more.
pub fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_whatever_they_are() {
        for (given, shown) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"),
            ("2026-01-31T13:00:00.123999+01", "2026-01-31T12:00:00.123Z"),
        ] {
            let at = to_millisecond(given.parse().unwrap());
            assert_eq!(iso(at), shown);
            assert_eq!(iso(at).parse::<Timestamp>().unwrap(), at);
        }
        assert_eq!(iso_of_unix(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_of_unix(u64::MAX), iso(Timestamp::MAX));
    }
}
