//! How far two clocks may be apart. LiveKit allows 60 seconds.

use super::finding::Finding;

/// A token that is signed now is refused.
const REFUSED: i64 = 60;
/// So much is not seen in a date of whole seconds.
const UNSEEN: i64 = 5;

/// How far such a clock is off, where tokens that are signed now are refused for it.
pub fn refuses(ahead: i64) -> Option<String> {
    (ahead.abs() >= REFUSED).then(|| in_words(ahead))
}

fn in_words(ahead: i64) -> String {
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    format!("{} s {way}", ahead.abs())
}

/// What to say of a clock that is so many seconds ahead of ours.
pub fn judge(clock: &str, ahead: i64) -> Option<Finding> {
    let apart = ahead.abs();
    let message = format!("{clock} is {} this machine's", in_words(ahead));
    let finding = match apart {
        _ if apart >= REFUSED => Finding::problem(message),
        _ if apart > UNSEEN => Finding::warning(message),
        _ => return None,
    };
    Some(finding.evidence(format!("LiveKit refuses tokens that are {REFUSED} s off")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn sixty_seconds_are_too_many() {
        assert_eq!(judge("it", 2), None);
        let some = judge("it", -30).unwrap();
        assert_eq!(some.verdict, Verdict::Warning);
        assert_eq!(some.message, "it is 30 s behind this machine's");
        assert_eq!(judge("it", 61).unwrap().verdict, Verdict::Problem);
    }
}
