//! Voice channels with roles.

use serde::{Deserialize, Serialize};

/// A channel; its id is the room's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// What callers ask for.
    pub id: String,
    /// For people.
    pub name: String,
    /// Who may do what.
    pub roles: Vec<Role>,
}

impl Channel {
    /// Whether one of the user's roles allows it.
    pub fn allows(&self, user: &str, permission: &str) -> bool {
        self.roles.iter().any(|role| {
            role.members.iter().any(|id| id == user)
                && role.permissions.iter().any(|p| p == permission)
        })
    }
}

/// What some users may do in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// For people.
    pub name: String,
    /// In the app's words, `JOIN_CHANNEL`.
    pub permissions: Vec<String>,
    /// Ids of the users who have it.
    pub members: Vec<String>,
}
