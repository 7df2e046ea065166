//! Who may hear of a room.

use std::sync::Arc;

use crate::auth::Caller;
use crate::store::Room;

/// Who sees every room.
const ADMIN: &str = "admin";

/// Whether the caller sees every room and may do everything in it.
pub fn is_admin(caller: &Caller) -> bool {
    caller.roles.iter().any(|role| role == ADMIN)
}

/// What decides who may hear of a room.
#[derive(Clone, Debug)]
pub enum Audience {
    /// It was made through the API.
    Made(Arc<Room>),
    /// Nobody made it through the API: whoever could join it may look.
    Open,
    /// The store does not answer.
    Unknown,
}

/// What a caller wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One room.
    Room(String),
    /// The rooms that concern the caller; of an admin, all.
    Mine,
}

impl Scope {
    /// Whether the caller hears of `room` within this scope. `is_in`: whether the caller is in it.
    pub fn hears(&self, caller: &Caller, room: &str, audience: &Audience, is_in: bool) -> bool {
        let asked = match self {
            Self::Room(name) => name == room,
            Self::Mine => true,
        };
        if !asked {
            return false;
        }
        let named = matches!(self, Self::Room(_));
        let allowed = match audience {
            // Who waits to be let in looks on no more than who was never invited.
            Audience::Made(room) if room.keeps_waiting(&caller.id) => false,
            Audience::Made(room) => {
                room.concerns(&caller.id) || ((named || is_in) && room.admits(&caller.id))
            }
            Audience::Open => named || is_in,
            Audience::Unknown => is_in,
        };
        allowed || is_admin(caller)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::auth::Provider;
    use crate::store::{Call, CallType, Mode};

    fn caller(id: &str, roles: &[&str]) -> Caller {
        Caller {
            id: id.into(),
            username: id.into(),
            roles: roles.iter().map(ToString::to_string).collect(),
            provider: Provider::Local,
            expires_at: None,
            password_mark: None,
        }
    }

    fn made(participants: &[&str]) -> Audience {
        Audience::Made(Arc::new(Room {
            name: "daily".into(),
            created_by: "ada".into(),
            created_at: Timestamp::UNIX_EPOCH,
            call_type: CallType::Video,
            mode: Mode::Call,
            participants: participants.iter().map(ToString::to_string).collect(),
            max_participants: 0,
            lobby: None,
            call: Call::default(),
            revision: 0,
        }))
    }

    #[test]
    fn everybody_hears_of_what_concerns_them_and_admins_of_all() {
        let (room, mine) = (Scope::Room("daily".into()), Scope::Mine);
        let (private, public) = (made(&["bob"]), made(&[]));
        for (who, scope, audience, is_in, expected) in [
            ("ada", &room, &private, false, true),
            ("bob", &room, &private, false, true),
            ("eve", &room, &private, true, false),
            ("eve", &room, &public, false, true),
            ("eve", &room, &Audience::Open, false, true),
            ("eve", &room, &Audience::Unknown, false, false),
            ("eve", &room, &Audience::Unknown, true, true),
            ("ada", &mine, &private, false, true),
            ("bob", &mine, &private, false, true),
            ("eve", &mine, &private, true, false),
            ("eve", &mine, &public, false, false),
            ("eve", &mine, &public, true, true),
            ("eve", &mine, &Audience::Open, false, false),
            ("eve", &mine, &Audience::Open, true, true),
        ] {
            let hears = scope.hears(&caller(who, &["user"]), "daily", audience, is_in);
            assert_eq!(hears, expected, "{who} {scope:?} {audience:?} {is_in}");
            let admin = caller(who, &["admin"]);
            assert!(scope.hears(&admin, "daily", audience, is_in));
            assert!(!room.hears(&admin, "weekly", audience, is_in));
        }
    }
}
