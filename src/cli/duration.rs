//! Lengths of time on the command line: `90s`, `5m`, `1h30m`; a plain number counts seconds.

use std::time::Duration;

use jiff::SignedDuration;

/// No wait and no log is longer; times far away cannot be reckoned with.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Reads a length of time, not more than 366 days.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a length of time such as 90s, 5m or 1h30m");
    let read = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
        Duration::try_from(parsed).map_err(|_| wrong())?
    };
    if read > LONGEST {
        return Err(format!("`{text}` is more than 366 days"));
    }
    Ok(read)
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

    #[test]
    fn times_that_nothing_can_reckon_with_are_refused() {
        assert_eq!(duration("8784h"), Ok(LONGEST));
        for text in ["31622401", "8785h", "9000000000000000000"] {
            assert_eq!(
                duration(text),
                Err(format!("`{text}` is more than 366 days"))
            );
        }
    }
}
