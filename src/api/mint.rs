//! The one mint: every contract's request becomes a [`JoinRequest`], is judged by [`policy`] and
//! signed here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use livekit_protocol::RoomConfiguration;

use super::App;
use super::contracts::{Contract, meetings};
use super::duplicates::{self, Verdict};
use super::journal::Issued;
use super::policy;
use super::refusal::Refusal;
use super::room_defaults::RoomDefaults;
use crate::auth::Caller;
use crate::livekit::grants::VideoGrant;
use crate::livekit::room_service::NewRoom;
use crate::livekit::token::JoinToken;
use crate::presence::making::{self, MADE};

/// Somebody wants into a room.
#[derive(Clone, Debug)]
pub struct JoinRequest<'a> {
    /// The contract in which it is asked.
    pub contract: Contract,
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
    /// Whether the room's name was made up for this token, so that nobody can have made the room.
    pub unguessable: bool,
    /// How the SFU makes the room when it is not there yet.
    pub room_config: Option<&'a RoomConfiguration>,
    /// Whether the client wrote that itself.
    pub room_config_is_wished: bool,
}

impl<'a> JoinRequest<'a> {
    /// The caller joins `room` under the own identity, with the usual grants.
    pub fn new(contract: Contract, caller: &'a Caller, room: &'a str) -> Self {
        Self {
            contract,
            caller,
            room,
            identity: &caller.id,
            name: None,
            grant: VideoGrant::join(room),
            ttl: None,
            metadata: None,
            attributes: BTreeMap::new(),
            unguessable: false,
            room_config: None,
            room_config_is_wished: false,
        }
    }
}

/// A token, and what the caller must know of it.
#[derive(Debug)]
pub struct Given<'a> {
    /// The token itself: a secret.
    pub token: String,
    /// Whose it is: not always the identity that was asked for.
    pub identity: Cow<'a, str>,
    /// Seconds since 1970.
    pub expires_at: u64,
}

/// Judges the request and signs the token.
pub async fn mint<'a>(app: &App, request: JoinRequest<'a>) -> Result<Given<'a>, Refusal> {
    policy::check(&request)?;
    let config = &app.config;
    let defaults = *app.defaults.get();
    let known = if request.unguessable && defaults.auto_create {
        None
    } else {
        let known = app.rooms.get(config.store.as_ref(), request.room).await?;
        policy::admit(&request, &known, defaults.auto_create)?;
        Some(known)
    };
    let signer = app.signer.get();
    let signer = Option::as_ref(&signer).ok_or(Refusal::NotConfigured)?;
    let (identity, repeated) = identity(app, &request)?;
    let mut grant = request.grant;
    let mut attributes = request.attributes;
    let making;
    if let Some(known) = &known {
        if let Some(room) = &known.room {
            grant = policy::grant(grant, room, &request.caller.id);
            making = making::making(room);
            attributes.insert(MADE, &making);
        }
        if !defaults.auto_create {
            make_sure_of(app, request.room, known.club.is_some(), defaults).await;
        }
    }
    let token = JoinToken {
        identity: &identity,
        name: request.name,
        grant,
        ttl: policy::ttl(request.ttl, config.token_ttl, config.max_token_ttl),
        metadata: request.metadata,
        attributes,
        room_config: request.room_config,
    };
    let now = config.clock.now();
    let minted = signer.mint(&token, now.as_second().try_into().unwrap_or(0))?;
    let issued = Issued {
        who: &identity,
        repeated,
        contract: request.contract.name(),
        room: request.room,
        grants: &token.grant,
        expires_at: minted.expires_at,
        jti: &minted.jti,
    };
    config.journal.issued(now, issued);
    app.metrics.issued(request.contract);
    Ok(Given {
        token: minted.token,
        expires_at: minted.expires_at,
        identity,
    })
}

/// Has the SFU make a known room that it would not make by itself when somebody joins. The token is
/// good without: it lasts longer than a failure of the SFU.
async fn make_sure_of(app: &App, room: &str, is_of_club: bool, defaults: RoomDefaults) {
    let (empty_timeout, max_participants) = if is_of_club {
        (meetings::EMPTY_TIMEOUT, meetings::MAX_PARTICIPANTS)
    } else {
        (defaults.empty_timeout, defaults.max_participants)
    };
    let room = NewRoom {
        name: room.to_owned(),
        empty_timeout,
        max_participants,
        ..NewRoom::default()
    };
    if let Err(e) = app.sfu.create(room).await {
        tracing::warn!("cannot make a room for a token: {e}");
    }
}

/// The identity of the token, and what the audit says when another one of the caller's is in the
/// room already.
fn identity<'a>(
    app: &App,
    request: &JoinRequest<'a>,
) -> Result<(Cow<'a, str>, Option<&'static str>), Refusal> {
    let policy = app.config.duplicate_identity;
    if duplicates::is_ambiguous(policy, request.identity) {
        let why = "Identities that end in ~2 to ~9 are for those who join twice";
        return Err(Refusal::Forbidden(why.into()));
    }
    let is_in = |who: &str| app.presence.is_in(request.room, who);
    match duplicates::judge(policy, request.identity, is_in) {
        Verdict::First => Ok((request.identity.into(), None)),
        Verdict::Replaces => Ok((request.identity.into(), Some("replaces"))),
        Verdict::As(other) => Ok((other.into(), Some("beside"))),
        Verdict::Refused => Err(Refusal::Conflict("You are in this room already".into())),
    }
}
