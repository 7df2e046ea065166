//! What a client asks of the token endpoint, in both spellings, every field optional.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use livekit_protocol::RoomConfiguration;
use serde::Deserialize;
use serde_json::Value;

use super::room_config;
use crate::api::App;
use crate::api::fields::{self, Field, Problems, check_length};
use crate::api::refusal::Refusal;
use crate::config::TokenSourceSettings;
use crate::presence::making::OWN;

/// What a client may wish for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The fields that it may set.
    pub allowed: TokenSourceSettings,
    /// Most participants of a room; 0: no limit.
    pub max_participants: u32,
}

impl Limits {
    /// Those of this server.
    pub fn of(app: &App) -> Self {
        Self {
            allowed: app.config.token_source,
            max_participants: app.defaults.get().max_participants,
        }
    }
}

/// The fields of the body.
#[derive(Debug, Default, Deserialize)]
struct Request<'a> {
    #[serde(borrow, default, alias = "roomName")]
    room_name: Field<'a>,
    #[serde(borrow, default, alias = "participantIdentity")]
    participant_identity: Field<'a>,
    #[serde(borrow, default, alias = "participantName")]
    participant_name: Field<'a>,
    #[serde(borrow, default, alias = "participantMetadata")]
    participant_metadata: Field<'a>,
    #[serde(default, alias = "participantAttributes")]
    participant_attributes: Value,
    #[serde(default, alias = "roomConfig")]
    room_config: Value,
}

/// How a client spells the fields whose length is limited.
struct Names {
    room: &'static str,
    identity: &'static str,
    name: &'static str,
}

const SNAKE: Names = Names {
    room: "room_name",
    identity: "participant_identity",
    name: "participant_name",
};

const CAMEL: Names = Names {
    room: "roomName",
    identity: "participantIdentity",
    name: "participantName",
};

/// What a client wishes for and may have.
#[derive(Debug, Default)]
pub struct Wishes<'a> {
    /// The room; otherwise a fresh one.
    pub room: Option<Cow<'a, str>>,
    /// For whom the token is.
    pub identity: Option<Cow<'a, str>>,
    /// How the others see the holder.
    pub name: Option<Cow<'a, str>>,
    /// Free text that travels with the participant.
    pub metadata: Option<Cow<'a, str>>,
    /// Named values that travel with the participant.
    pub attributes: BTreeMap<String, String>,
    /// How the SFU makes the room when it is not there yet.
    pub room_config: Option<RoomConfiguration>,
}

impl<'a> Wishes<'a> {
    /// Reads a body.
    pub fn of_body(body: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        Self::judge(fields::parse(body)?, &SNAKE, limits)
    }

    /// Reads the query of an address.
    pub fn of_query(query: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let mut request = Request::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let field = match &*name {
                "roomName" | "room_name" => &mut request.room_name,
                "participantName" | "participant_name" => &mut request.participant_name,
                "participantIdentity" | "participant_identity" => &mut request.participant_identity,
                "participantMetadata" | "participant_metadata" | "metadata" => {
                    &mut request.participant_metadata
                }
                _ => continue,
            };
            *field = Field::Text(value);
        }
        Self::judge(request, &CAMEL, limits)
    }

    fn judge(request: Request<'a>, names: &Names, limits: &Limits) -> Result<Self, Refusal> {
        let mut problems = Problems::default();
        let mut text = |name, field| {
            let text = problems.optional(name, field);
            text.filter(|text| !text.is_empty())
        };
        let room = text("room_name", request.room_name);
        let identity = text("participant_identity", request.participant_identity);
        let name = text("participant_name", request.participant_name);
        let metadata = text("participant_metadata", request.participant_metadata);
        problems.check()?;
        for (field, text) in [
            (names.room, &room),
            (names.identity, &identity),
            (names.name, &name),
        ] {
            check_length(field, text.as_deref().unwrap_or_default())?;
        }
        if metadata.is_some() && !limits.allowed.metadata {
            return Err(may_not("participant_metadata"));
        }
        let attributes = attributes(request.participant_attributes)?;
        if !attributes.is_empty() && !limits.allowed.attributes {
            return Err(may_not("participant_attributes"));
        }
        if let Some(name) = attributes.keys().find(|name| name.starts_with(OWN)) {
            return Err(may_not(format_args!("participant_attributes.{name}")));
        }
        let room_config = match request.room_config {
            Value::Null => None,
            value => room_config::read(&value, limits)?,
        };
        Ok(Self {
            room,
            identity,
            name,
            metadata,
            attributes,
            room_config,
        })
    }

    /// The attributes as a token takes them.
    pub fn borrowed_attributes(&self) -> BTreeMap<&str, &str> {
        let pairs = self.attributes.iter();
        pairs.map(|(k, v)| (k.as_str(), v.as_str())).collect()
    }
}

fn attributes(value: Value) -> Result<BTreeMap<String, String>, Refusal> {
    if value.is_null() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_value(value).map_err(|_| {
        Refusal::BadRequest("participant_attributes must be an object of strings".into())
    })
}

/// A field that the server's settings keep from clients.
pub fn may_not(field: impl Display) -> Refusal {
    Refusal::Forbidden(format!("{field} may not be set by clients of this server").into())
}

/// A name that nobody can guess.
pub fn fresh_room() -> String {
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    format!("room-{secret}")
}
