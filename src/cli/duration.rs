//! Lengths of time on the command line: `90s`, `5m`, `1h30m`; a plain number counts seconds.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads a length of time.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a length of time such as 90s, 5m or 1h30m");
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(parsed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_read_and_others_refused() {
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_mins(90)));
        assert_eq!(duration("10"), Ok(Duration::from_secs(10)));
        assert_eq!(
            duration("soon"),
            Err("`soon` is not a length of time such as 90s, 5m or 1h30m".into())
        );
        assert!(duration("-5s").is_err());
    }
}
