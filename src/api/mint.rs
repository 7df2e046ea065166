//! The one mint: every contract's request becomes a [`JoinRequest`], is judged and signed here.

use std::collections::BTreeMap;
use std::time::Duration;

use super::App;
use super::journal::Issued;
use super::refusal::Refusal;
use crate::auth::Caller;
use crate::livekit::grants::VideoGrant;
use crate::livekit::token::JoinToken;

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
}

/// Judges the request and signs the token.
pub fn mint(app: &App, request: JoinRequest<'_>) -> Result<String, Refusal> {
    judge(app, &request)?;
    let token = JoinToken {
        identity: request.identity,
        name: request.name,
        grant: request.grant,
        ttl: request
            .ttl
            .unwrap_or(app.config.token_ttl)
            .min(app.config.max_token_ttl),
        metadata: None,
        attributes: BTreeMap::new(),
    };
    let now = app.config.clock.now();
    let minted = app
        .signer
        .mint(&token, now.as_second().try_into().unwrap_or(0))?;
    let issued = Issued {
        who: request.identity,
        room: request.room,
        grants: &token.grant,
        expires_at: minted.expires_at,
        jti: &minted.jti,
    };
    app.config.journal.issued(now, issued);
    Ok(minted.token)
}

fn judge(app: &App, request: &JoinRequest<'_>) -> Result<(), Refusal> {
    if request.identity != request.caller.id {
        return Err(Refusal::Forbidden(
            "A token can only be had for the caller's own identity",
        ));
    }
    if !app.config.auto_create {
        return Err(Refusal::NotFound("Room not found"));
    }
    Ok(())
}
