//! Reading clubs and their meetings.

use jiff::Timestamp;

/// A reading club.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Club {
    /// What callers ask for.
    pub id: String,
    /// For people.
    pub name: String,
    /// Id of the user who starts and ends meetings.
    pub moderator_id: String,
    /// Ids of the members; the moderator need not be among them.
    pub members: Vec<String>,
    /// The meeting, as it was last stored.
    pub meeting: Meeting,
}

impl Club {
    /// Whether the user may come to meetings.
    pub fn admits(&self, user: &str) -> bool {
        self.moderates(user) || self.members.iter().any(|id| id == user)
    }

    /// Whether the user starts and ends meetings.
    pub fn moderates(&self, user: &str) -> bool {
        self.moderator_id == user
    }
}

/// The present or last meeting of a club.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meeting {
    /// Whether it goes on.
    pub active: bool,
    /// When it began, to the millisecond.
    pub started_at: Option<Timestamp>,
    /// When the last one ended.
    pub ended_at: Option<Timestamp>,
    /// How long the last one was, in seconds.
    pub last_duration: Option<u64>,
}
