//! What a call is after some news. News may come late, twice or in any order: the same news end in
//! the same call.
//!
//! A room of the SFU has an id and a time at which it was made; what is said of an older one changes
//! nothing, and one that has ended does not come back. Of each identity the newest stay counts, and
//! to have left is the last word on a stay.

use super::look::Seen;
use crate::livekit::webhook::{Kind, RoomEvent, RoomRef};
use crate::store::{Call, Present, Status};

/// Stays that are over are remembered for news that come late; more than this are not.
const MOST_GONE: usize = 100;

/// The call after this event; `None` when it changes nothing.
pub fn apply(call: &Call, event: &RoomEvent) -> Option<Call> {
    let mut next = era(call, &event.room)?;
    match (event.kind, &event.participant) {
        (Kind::RoomStarted, _) => {}
        (Kind::RoomFinished, _) => end(&mut next),
        (Kind::Joined, Some(who)) => settle(&mut next, who.stay.clone(), true),
        (Kind::Left, Some(who)) => settle(&mut next, who.stay.clone(), false),
        _ => return None,
    }
    (next != *call).then_some(next)
}

/// The call as the SFU itself lists it, whatever was heard before; `None` when nothing changes. Only
/// for a list that was asked for after the last news.
pub fn reconcile(call: &Call, seen: Option<&Seen>) -> Option<Call> {
    let mut next = call.clone();
    match seen {
        None if call.status == Status::Active => end(&mut next),
        None => return None,
        Some(seen) => {
            let known = call.sid.as_ref() == Some(&seen.room.sid);
            if !known || call.status != Status::Active {
                next = begun(&seen.room);
            }
            for stay in next.present.clone() {
                if !seen.stays.iter().any(|(there, _)| there.sid == stay.sid) {
                    settle(&mut next, stay, false);
                }
            }
            for (stay, connected) in &seen.stays {
                if *connected {
                    settle(&mut next, stay.clone(), true);
                }
            }
        }
    }
    (next != *call).then_some(next)
}

/// The call that an event about `room` changes; `None` when it is about one that is over.
fn era(call: &Call, room: &RoomRef) -> Option<Call> {
    let Some(sid) = &call.sid else {
        return Some(begun(room));
    };
    if *sid == room.sid {
        return (call.status != Status::Ended).then(|| call.clone());
    }
    let newer = (room.began, &room.sid) > (call.began, sid);
    newer.then(|| begun(room))
}

fn begun(room: &RoomRef) -> Call {
    Call {
        status: Status::Active,
        sid: Some(room.sid.clone()),
        began: room.began,
        ..Call::default()
    }
}

fn end(call: &mut Call) {
    call.status = Status::Ended;
    call.present.clear();
    call.gone.clear();
}

/// Notes that a stay has begun or is over.
fn settle(call: &mut Call, stay: Present, there: bool) {
    let older = |old: &Present, old_there: bool| {
        if old.sid == stay.sid {
            old_there && !there
        } else {
            (old.since, &old.sid) < (stay.since, &stay.sid)
        }
    };
    for (list, is_there) in [(&mut call.present, true), (&mut call.gone, false)] {
        if let Some(at) = list.iter().position(|p| p.identity == stay.identity) {
            if !older(&list[at], is_there) {
                return;
            }
            list.remove(at);
        }
    }
    let list = if there {
        &mut call.present
    } else {
        &mut call.gone
    };
    let place = list.partition_point(|p| (p.since, &p.sid) < (stay.since, &stay.sid));
    list.insert(place, stay);
    if call.gone.len() > MOST_GONE {
        call.gone.remove(0);
    }
}

#[cfg(test)]
mod tests;
