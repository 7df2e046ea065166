//! The one mint: every contract's request becomes a [`JoinRequest`], is judged and signed here.

use std::collections::BTreeMap;
use std::time::Duration;

use livekit_protocol::RoomConfiguration;

use super::App;
use super::journal::Issued;
use super::refusal::Refusal;
use crate::auth::Caller;
use crate::livekit::grants::VideoGrant;
use crate::livekit::token::{JoinToken, Minted};

/// Somebody wants into a room.
#[derive(Clone, Debug)]
pub struct JoinRequest<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The room.
    pub room: &'a str,
    /// For whom the token is; policy insists that it is the caller.
    pub identity: &'a str,
    /// How the others see the holder.
    pub name: Option<&'a str>,
    /// What the contract's rules allow.
    pub grant: VideoGrant<'a>,
    /// How long the token shall last; policy caps it.
    pub ttl: Option<Duration>,
    /// Free text that travels with the participant.
    pub metadata: Option<&'a str>,
    /// Named values that travel with the participant.
    pub attributes: BTreeMap<&'a str, &'a str>,
    /// How the SFU makes the room when it is not there yet.
    pub room_config: Option<&'a RoomConfiguration>,
}

impl<'a> JoinRequest<'a> {
    /// The caller joins `room` under the own identity, with the usual grants.
    pub fn new(caller: &'a Caller, room: &'a str) -> Self {
        Self {
            caller,
            room,
            identity: &caller.id,
            name: None,
            grant: VideoGrant::join(room),
            ttl: None,
            metadata: None,
            attributes: BTreeMap::new(),
            room_config: None,
        }
    }
}

/// Judges the request and signs the token.
pub fn mint(app: &App, request: JoinRequest<'_>) -> Result<Minted, Refusal> {
    judge(app, &request)?;
    let signer = app.signer.as_ref().ok_or(Refusal::NotConfigured)?;
    let token = JoinToken {
        identity: request.identity,
        name: request.name,
        grant: request.grant,
        ttl: request
            .ttl
            .unwrap_or(app.config.token_ttl)
            .min(app.config.max_token_ttl),
        metadata: request.metadata,
        attributes: request.attributes,
        room_config: request.room_config,
    };
    let now = app.config.clock.now();
    let minted = signer.mint(&token, now.as_second().try_into().unwrap_or(0))?;
    let issued = Issued {
        who: request.identity,
        room: request.room,
        grants: &token.grant,
        expires_at: minted.expires_at,
        jti: &minted.jti,
    };
    app.config.journal.issued(now, issued);
    Ok(minted)
}

fn judge(app: &App, request: &JoinRequest<'_>) -> Result<(), Refusal> {
    if request.identity != request.caller.id {
        return Err(Refusal::Forbidden(
            "A token can only be had for the caller's own identity".into(),
        ));
    }
    if !app.config.auto_create {
        return Err(Refusal::NotFound("Room not found".into()));
    }
    Ok(())
}
