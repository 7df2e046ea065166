//! What happened between two states of a call.

use crate::store::{Call, Present, Status};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The room came into being.
    Started,
    /// Somebody came.
    Joined(Present),
    /// Somebody went.
    Left(Present),
    /// The room is no more.
    Finished,
}

/// What happened from one to the other, in an order in which it can have happened.
pub fn changes(before: &Call, after: &Call) -> Vec<Change> {
    let was = before.status == Status::Active;
    let is = after.status == Status::Active;
    let another = was && is && before.sid != after.sid;
    let missing = |stay: &&Present, from: &Call| !from.present.iter().any(|p| p.sid == stay.sid);
    let left = before.present.iter().filter(|p| missing(p, after));
    let joined = after.present.iter().filter(|p| missing(p, before));
    let mut changes: Vec<_> = left.cloned().map(Change::Left).collect();
    if another || (was && !is) {
        changes.push(Change::Finished);
    }
    if another || (is && !was) {
        changes.push(Change::Started);
    }
    changes.extend(joined.cloned().map(Change::Joined));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(identity: &str) -> Present {
        Present {
            identity: identity.into(),
            sid: format!("PA_{identity}"),
            since: 0,
        }
    }

    fn call(status: Status, sid: &str, present: &[&str]) -> Call {
        Call {
            status,
            sid: Some(sid.into()),
            present: present.iter().map(|identity| stay(identity)).collect(),
            ..Call::default()
        }
    }

    #[test]
    fn what_happened_is_told_in_a_possible_order() {
        use Change::{Finished, Joined, Left, Started};
        use Status::{Active, Ended};
        let before = call(Active, "1", &["ada", "bob"]);
        for (after, expected) in [
            (before.clone(), vec![]),
            (call(Active, "1", &["bob"]), vec![Left(stay("ada"))]),
            (
                call(Ended, "1", &[]),
                vec![Left(stay("ada")), Left(stay("bob")), Finished],
            ),
            (
                call(Active, "2", &["carl"]),
                vec![
                    Left(stay("ada")),
                    Left(stay("bob")),
                    Finished,
                    Started,
                    Joined(stay("carl")),
                ],
            ),
        ] {
            assert_eq!(changes(&before, &after), expected);
        }
        assert_eq!(
            changes(&Call::default(), &call(Active, "1", &["ada"])),
            [Started, Joined(stay("ada"))]
        );
    }
}
