//! May they? One policy for every contract, decided from values alone.
//!
//! A contract adds rules of its own; none of them takes away one of these. A room that was made through
//! the API keeps its invitations, its kind of call and its mode whichever contract asks, and the
//! rooms of channels and clubs are for those who may come there.

use std::time::Duration;

use super::fields::check_length;
use super::mint::JoinRequest;
use super::refusal::Refusal;
use crate::auth::Caller;
use crate::livekit::grants::{Source, VideoGrant};
use crate::store::{CallType, Known, Mode, Room};

/// What a role must allow for its members to come into a channel.
pub const JOIN_CHANNEL: &str = "JOIN_CHANNEL";

/// Whether the identity is the caller's own.
pub fn check_identity(caller: &Caller, identity: &str) -> Result<(), Refusal> {
    if identity == caller.id {
        return Ok(());
    }
    let why = "A token can only be had for the caller's own identity";
    Err(Refusal::Forbidden(why.into()))
}

/// What can be said before anything is looked up.
pub fn check(request: &JoinRequest<'_>) -> Result<(), Refusal> {
    check_identity(request.caller, request.identity)?;
    check_length("the identity", request.identity)?;
    check_length("the room's name", request.room)
}

/// Whether the caller may come into the room of which this is known.
pub fn admit(request: &JoinRequest<'_>, known: &Known, auto_create: bool) -> Result<(), Refusal> {
    let user = &request.caller.id;
    let forbidden = |why: &'static str| Err(Refusal::Forbidden(why.into()));
    if known.is_nothing() {
        return if auto_create {
            Ok(())
        } else if request.unguessable {
            let why =
                "No room was named, and `room.auto_create: false` keeps new ones from being made";
            Err(Refusal::NotFound(why.into()))
        } else {
            Err(Refusal::NotFound("Room not found".into()))
        };
    }
    if known.room.as_ref().is_some_and(|room| !room.admits(user)) {
        return forbidden("Not invited to this room");
    }
    if known
        .room
        .as_ref()
        .is_some_and(|room| room.keeps_waiting(user))
    {
        return forbidden("Not let into this room yet");
    }
    if let Some(channel) = &known.channel
        && !channel.allows(user, JOIN_CHANNEL)
    {
        return forbidden("Insufficient permissions. Required: JOIN_CHANNEL");
    }
    if known.club.as_ref().is_some_and(|club| !club.admits(user)) {
        return forbidden("Not a member of this reading club");
    }
    let made = known
        .room
        .as_ref()
        .is_some_and(|room| room.created_by == *user);
    if request.room_config_is_wished && !made {
        return forbidden("room_config may only be set by who made the room");
    }
    Ok(())
}

/// What of the asked grant the room leaves.
pub fn grant<'a>(asked: VideoGrant<'a>, room: &Room, user: &str) -> VideoGrant<'a> {
    let asked = match (room.mode, room.created_by == user) {
        (Mode::Call, _) => asked,
        (Mode::Webinar, true) => VideoGrant {
            can_publish: Some(true),
            room_admin: true,
            ..asked
        },
        (Mode::Webinar, false) => {
            return VideoGrant {
                can_publish: Some(false),
                can_subscribe: Some(true),
                can_publish_data: Some(true),
                can_publish_sources: &[],
                room_admin: false,
                ..asked
            };
        }
    };
    VideoGrant {
        can_publish_sources: sources(room.call_type),
        ..asked
    }
}

/// What those who may speak publish.
pub fn sources(call_type: CallType) -> &'static [Source] {
    match call_type {
        CallType::Audio => &[Source::Microphone],
        CallType::Video => &Source::ALL,
    }
}

/// How long a token lasts.
pub fn ttl(asked: Option<Duration>, usual: Duration, longest: Duration) -> Duration {
    asked.unwrap_or(usual).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::contracts::Contract;
    use crate::auth::Provider;
    use crate::store::{Call, Channel, Club, Lobby, Meeting, Role};
    use jiff::Timestamp;

    fn room(call_type: CallType, mode: Mode, participants: &[&str]) -> Room {
        Room {
            name: "daily".into(),
            created_by: "ada".into(),
            created_at: Timestamp::UNIX_EPOCH,
            call_type,
            mode,
            participants: participants.iter().map(ToString::to_string).collect(),
            max_participants: 0,
            lobby: None,
            call: Call::default(),
            revision: 0,
        }
    }

    fn caller(id: &str) -> Caller {
        Caller {
            id: id.into(),
            username: id.into(),
            roles: Vec::new(),
            provider: Provider::Local,
            expires_at: None,
            password_mark: None,
        }
    }

    fn judged(id: &str, known: &Known, auto_create: bool, configured: bool) -> String {
        let caller = caller(id);
        let request = JoinRequest {
            room_config_is_wished: configured,
            ..JoinRequest::new(Contract::Urbania, &caller, "daily")
        };
        match admit(&request, known, auto_create) {
            Ok(()) => "ok".into(),
            Err(refusal) => format!("{} {}", refusal.status().as_u16(), refusal.detail()),
        }
    }

    #[test]
    fn rooms_that_nobody_made_are_for_everybody_or_nobody() {
        let nothing = Known::default();
        assert_eq!(judged("bob", &nothing, true, true), "ok");
        assert_eq!(judged("bob", &nothing, false, false), "404 Room not found");
    }

    #[test]
    fn a_room_is_for_those_who_are_invited_and_for_who_made_it() {
        let known = |participants| Known {
            room: Some(room(CallType::Video, Mode::Call, participants)),
            ..Known::default()
        };
        for auto_create in [true, false] {
            let judged = |id, known| judged(id, &known, auto_create, false);
            assert_eq!(judged("eve", known(&[])), "ok");
            assert_eq!(judged("bob", known(&["bob"])), "ok");
            assert_eq!(judged("ada", known(&["bob"])), "ok");
            assert_eq!(
                judged("eve", known(&["bob"])),
                "403 Not invited to this room"
            );
        }
        let lobby = |admitted: &[&str]| {
            let mut lobby = known(&["bob", "dan"]);
            let admitted = admitted.iter().map(ToString::to_string).collect();
            lobby.room.as_mut().unwrap().lobby = Some(Lobby { admitted });
            lobby
        };
        for (id, admitted, verdict) in [
            ("ada", lobby(&[]), "ok"),
            ("bob", lobby(&["bob"]), "ok"),
            ("dan", lobby(&["bob"]), "403 Not let into this room yet"),
            ("eve", lobby(&["eve"]), "403 Not invited to this room"),
        ] {
            assert_eq!(judged(id, &admitted, true, false), verdict, "{id}");
        }
        assert_eq!(judged("ada", &known(&[]), true, true), "ok");
        assert_eq!(
            judged("bob", &known(&[]), true, true),
            "403 room_config may only be set by who made the room"
        );
    }

    #[test]
    fn rooms_of_channels_and_clubs_are_for_those_who_may_come_there() {
        let role = |permission: &str, member: &str| Role {
            name: "role".into(),
            permissions: vec![permission.into()],
            members: vec![member.into()],
        };
        let channel = Known {
            channel: Some(Channel {
                id: "daily".into(),
                name: "Daily".into(),
                roles: vec![role(JOIN_CHANNEL, "bob"), role("READ", "eve")],
            }),
            ..Known::default()
        };
        let club = Known {
            club: Some(Club {
                id: "daily".into(),
                name: "Daily".into(),
                moderator_id: "ada".into(),
                members: vec!["bob".into()],
                meeting: Meeting::default(),
            }),
            ..Known::default()
        };
        assert_eq!(judged("bob", &channel, false, false), "ok");
        assert_eq!(
            judged("eve", &channel, true, false),
            "403 Insufficient permissions. Required: JOIN_CHANNEL"
        );
        assert_eq!(judged("bob", &club, false, false), "ok");
        assert_eq!(judged("ada", &club, false, false), "ok");
        assert_eq!(
            judged("eve", &club, true, false),
            "403 Not a member of this reading club"
        );
        for known in [channel, club] {
            assert_eq!(
                judged("bob", &known, true, true),
                "403 room_config may only be set by who made the room"
            );
        }
    }

    #[test]
    fn the_room_decides_what_may_be_published() {
        let granted = |call_type, mode, user| {
            let room = room(call_type, mode, &[]);
            grant(VideoGrant::join("daily"), &room, user).to_string()
        };
        let all = "only:camera only:microphone only:screen_share only:screen_share_audio";
        for (call_type, mode, user, expected) in [
            (
                CallType::Audio,
                Mode::Call,
                "ada",
                "join publish subscribe data only:microphone".to_owned(),
            ),
            (
                CallType::Video,
                Mode::Call,
                "bob",
                format!("join publish subscribe data {all}"),
            ),
            (
                CallType::Audio,
                Mode::Webinar,
                "ada",
                "join publish subscribe data admin only:microphone".to_owned(),
            ),
            (
                CallType::Video,
                Mode::Webinar,
                "ada",
                format!("join publish subscribe data admin {all}"),
            ),
            (
                CallType::Video,
                Mode::Webinar,
                "bob",
                "join subscribe data".to_owned(),
            ),
        ] {
            assert_eq!(granted(call_type, mode, user), expected);
        }
        let moderator = VideoGrant {
            room_admin: true,
            ..VideoGrant::join("daily")
        };
        let webinar = room(CallType::Video, Mode::Webinar, &[]);
        let listener = grant(moderator, &webinar, "bob");
        assert!(!listener.room_admin && listener.can_publish == Some(false));
    }

    #[test]
    fn names_and_identities_have_bounds() {
        let long = "x".repeat(257);
        let (ada, longest) = (caller("ada"), caller(&long));
        let judged = |request| match check(&request) {
            Ok(()) => "ok".to_owned(),
            Err(refusal) => refusal.detail().into_owned(),
        };
        let request = JoinRequest::new(Contract::Urbania, &ada, "daily");
        assert_eq!(judged(request.clone()), "ok");
        assert_eq!(
            judged(JoinRequest {
                identity: "bob",
                ..request.clone()
            }),
            "A token can only be had for the caller's own identity"
        );
        assert_eq!(
            judged(JoinRequest {
                room: &long,
                ..request
            }),
            "the room's name is longer than 256 bytes"
        );
        assert_eq!(
            judged(JoinRequest::new(Contract::Urbania, &longest, "daily")),
            "the identity is longer than 256 bytes"
        );
    }

    #[test]
    fn no_token_outlasts_the_maximum() {
        let [short, usual, longest] = [1, 6, 24].map(Duration::from_hours);
        assert_eq!(ttl(None, usual, longest), usual);
        assert_eq!(ttl(Some(short), usual, longest), short);
        assert_eq!(ttl(Some(longest * 2), usual, longest), longest);
        assert_eq!(ttl(None, longest * 2, longest), longest);
    }
}
