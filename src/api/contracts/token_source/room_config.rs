//! The field `room_config`: LiveKit's `RoomConfiguration`, and how much of it a client may set.

use livekit_protocol::RoomConfiguration;
use serde::Deserialize as _;
use serde_json::Value;

use super::wishes::{Limits, may_not};
use crate::api::refusal::Refusal;
use crate::livekit::room_config::is_field;

/// Reads the field; `None` when it configures nothing.
pub fn read(value: &Value, limits: &Limits) -> Result<Option<RoomConfiguration>, Refusal> {
    let Some(fields) = value.as_object() else {
        return Err(Refusal::BadRequest("room_config must be an object".into()));
    };
    if let Some(name) = fields.keys().find(|name| !is_field(name)) {
        return Err(Refusal::BadRequest(format!(
            "room_config.{name} is no field of LiveKit's RoomConfiguration"
        )));
    }
    let config = RoomConfiguration::deserialize(value)
        .map_err(|e| Refusal::BadRequest(format!("room_config: {e}")))?;
    if config == RoomConfiguration::default() {
        return Ok(None);
    }
    let allowed = limits.allowed;
    if !allowed.room_config {
        return Err(may_not("room_config"));
    }
    if !config.agents.is_empty() && !allowed.agents {
        return Err(may_not("room_config.agents"));
    }
    if config.egress.is_some() && !allowed.egress {
        return Err(may_not("room_config.egress"));
    }
    let most = limits.max_participants;
    if most != 0 && config.max_participants > most {
        return Err(Refusal::Forbidden(
            format!("room_config.max_participants may be at most {most}").into(),
        ));
    }
    Ok(Some(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TokenSourceSettings;
    use serde_json::json;

    fn said(value: &Value, allowed: TokenSourceSettings) -> String {
        let limits = Limits {
            allowed,
            max_participants: 100,
        };
        match read(value, &limits) {
            Ok(None) => "nothing".into(),
            Ok(Some(config)) => serde_json::to_string(&config).unwrap(),
            Err(refusal) => format!("{} {}", refusal.status().as_u16(), refusal.detail()),
        }
    }

    #[test]
    fn both_spellings_are_read_and_typing_errors_are_told() {
        let usual = TokenSourceSettings::default();
        for (given, expected) in [
            (json!({}), "nothing"),
            (json!({"agents": [], "name": ""}), "nothing"),
            (
                json!({"empty_timeout": 60, "departureTimeout": 5}),
                r#"{"emptyTimeout":60,"departureTimeout":5}"#,
            ),
            (
                json!({"metadata": "m", "tags": {"a_b": "c"}}),
                r#"{"metadata":"m","tags":{"a_b":"c"}}"#,
            ),
            (json!([]), "400 room_config must be an object"),
            (
                json!({"empty_timout": 60}),
                "400 room_config.empty_timout is no field of LiveKit's RoomConfiguration",
            ),
        ] {
            assert_eq!(said(&given, usual), expected);
        }
        for wrong in [
            json!({"empty_timeout": "soon"}),
            json!({"empty_timeout": -1}),
            json!({"empty_timeout": 1, "emptyTimeout": 1}),
            json!({"metadata": 1}),
            json!({"agents": {}}),
        ] {
            let said = said(&wrong, usual);
            assert!(said.starts_with("400 room_config: "), "{wrong}: {said}");
        }
    }

    #[test]
    fn what_a_client_may_not_set_is_named() {
        let usual = TokenSourceSettings::default();
        let none = TokenSourceSettings {
            room_config: false,
            ..usual
        };
        let all = TokenSourceSettings {
            agents: true,
            egress: true,
            ..usual
        };
        let agents = json!({"agents": [{"agent_name": "scribe"}]});
        let egress = json!({"egress": {"room": {"room_name": "daily"}}});
        let timeout = json!({"empty_timeout": 60});
        let crowd = json!({"max_participants": 101});
        for (given, allowed, expected) in [
            (
                &agents,
                usual,
                "403 room_config.agents may not be set by clients of this server",
            ),
            (
                &egress,
                usual,
                "403 room_config.egress may not be set by clients of this server",
            ),
            (
                &timeout,
                none,
                "403 room_config may not be set by clients of this server",
            ),
            (&json!({}), none, "nothing"),
            (
                &crowd,
                all,
                "403 room_config.max_participants may be at most 100",
            ),
            (&agents, all, r#"{"agents":[{"agentName":"scribe"}]}"#),
        ] {
            assert_eq!(said(given, allowed), expected);
        }
        assert!(said(&egress, all).starts_with(r#"{"egress":{"#));
    }
}
