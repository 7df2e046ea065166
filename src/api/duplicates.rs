//! One identity that wants into a room twice: LiveKit would put the first one out.
//!
//! Judged by who is in the room now: of two tokens that are asked for at the same time, none is a
//! second one.

use crate::config::DuplicateIdentity;
use crate::livekit::token::LONGEST_NAME;

/// Under which identity somebody is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The own one; nobody else has it.
    First,
    /// The own one; the first holder is put out.
    Replaces,
    /// Another one, so that the first holder stays.
    As(String),
    /// None.
    Refused,
}

/// Who has the same identity more often than this is refused.
const MOST: u8 = 9;

/// Judges `identity`; `is_in` tells who is in the room.
pub fn judge(policy: DuplicateIdentity, identity: &str, is_in: impl Fn(&str) -> bool) -> Verdict {
    if !is_in(identity) {
        return Verdict::First;
    }
    match policy {
        DuplicateIdentity::Warn => Verdict::Replaces,
        DuplicateIdentity::Refuse => Verdict::Refused,
        DuplicateIdentity::Suffix => (2..=MOST)
            .map(|n| format!("{identity}~{n}"))
            .find(|other| other.len() <= LONGEST_NAME && !is_in(other))
            .map_or(Verdict::Refused, Verdict::As),
    }
}

/// Whether an id looks like that of somebody beside themselves: as an identity it could be both.
pub fn is_ambiguous(policy: DuplicateIdentity, id: &str) -> bool {
    let own = id.rsplit_once('~').map_or(id, |(own, _)| own);
    policy == DuplicateIdentity::Suffix && id != own && is_same(policy, own, id)
}

/// Whether `who` is this identity, or its holder beside themselves.
pub fn is_same(policy: DuplicateIdentity, identity: &str, who: &str) -> bool {
    let Some(end) = who.strip_prefix(identity) else {
        return false;
    };
    let beside = policy == DuplicateIdentity::Suffix;
    end.is_empty() || (beside && (2..=MOST).any(|n| end == format!("~{n}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_beside_themselves_is_the_same() {
        use DuplicateIdentity::{Suffix, Warn};
        for who in ["ada", "ada~2", "ada~9"] {
            assert!(is_same(Suffix, "ada", who), "{who}");
        }
        for who in [
            "ada~", "ada~1", "ada~10", "ada~02", "ada~2~2", "adam", "bob~2",
        ] {
            assert!(!is_same(Suffix, "ada", who), "{who}");
        }
        assert!(is_same(Warn, "ada", "ada") && !is_same(Warn, "ada", "ada~2"));
    }

    #[test]
    fn an_id_that_could_be_somebody_elses_second_one_is_ambiguous() {
        use DuplicateIdentity::{Refuse, Suffix, Warn};
        for id in ["ada~2", "ada~9", "~2", "a~2~3"] {
            assert!(is_ambiguous(Suffix, id), "{id}");
            assert!(!is_ambiguous(Warn, id) && !is_ambiguous(Refuse, id));
        }
        for id in ["ada", "ada~", "ada~1", "ada~10", "ada~02", "2", ""] {
            assert!(!is_ambiguous(Suffix, id), "{id}");
        }
    }

    #[test]
    fn a_second_one_is_warned_of_refused_or_called_differently() {
        use DuplicateIdentity::{Refuse, Suffix, Warn};
        let room = |inside: &'static [&str]| move |who: &str| inside.contains(&who);
        for policy in [Warn, Refuse, Suffix] {
            assert_eq!(
                judge(policy, "ada", room(&["bob", "ada~2"])),
                Verdict::First
            );
        }
        assert_eq!(judge(Warn, "ada", room(&["ada"])), Verdict::Replaces);
        assert_eq!(judge(Refuse, "ada", room(&["ada"])), Verdict::Refused);
        for (inside, expected) in [
            (&["ada"][..], "ada~2"),
            (&["ada", "ada~2"], "ada~3"),
            (&["ada", "ada~3"], "ada~2"),
        ] {
            let verdict = judge(Suffix, "ada", |who| inside.contains(&who));
            assert_eq!(verdict, Verdict::As(expected.into()));
        }
        assert_eq!(judge(Suffix, "ada", |_| true), Verdict::Refused);
        let long = "x".repeat(LONGEST_NAME);
        assert_eq!(judge(Suffix, &long, |who| who == long), Verdict::Refused);
    }
}
