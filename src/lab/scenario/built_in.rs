//! The scenarios that come with the program.

use super::{Event, Media, Picture, Role, Scenario, What};

/// What they are called, and what each is.
pub const NAMES: [(&str, &str); 8] = [
    ("one-to-one", "two see and hear each other"),
    (
        "audio-only",
        "two hear each other; the SFU refuses them a camera",
    ),
    ("group", "four see and hear each other"),
    (
        "webinar",
        "one speaks to three listeners who may publish nothing",
    ),
    ("reconnect", "the SFU restarts during a call"),
    (
        "token-refresh",
        "a connection breaks after the tokens have expired",
    ),
    (
        "lossy",
        "each loses 5 % of its packets and gets 80 ms more each way during a call",
    ),
    ("churn", "participants leave and come back"),
];

/// One of them.
pub fn built_in(name: &str) -> Option<Scenario> {
    let scenario = |seconds, roles| Scenario {
        name: name.to_owned(),
        seconds,
        roles,
        ..Scenario::default()
    };
    Some(match name {
        "one-to-one" => scenario(10, several(2)),
        "audio-only" => Scenario {
            refuses: vec![Media::Camera],
            ..scenario(10, vec![speakers()])
        },
        "group" => Scenario {
            picture: smooth_enough(),
            ..scenario(15, growing(4))
        },
        "webinar" => scenario(10, vec![speaker(), listeners()]),
        "reconnect" => Scenario {
            events: vec![event(5, What::RestartSfu, None)],
            ..scenario(40, several(2))
        },
        "token-refresh" => Scenario {
            token_ttl: 5,
            events: vec![event(70, What::Reconnect, Some("ada"))],
            ..scenario(80, several(2))
        },
        "lossy" => Scenario {
            events: vec![Event {
                loss: Some(5),
                latency: Some(80),
                kbps: Some(2_000),
                ..event(5, What::Network, None)
            }],
            ..scenario(20, several(2))
        },
        "churn" => Scenario {
            picture: smooth_enough(),
            events: vec![
                event(3, What::Leave, Some("ada")),
                event(6, What::Join, Some("ada")),
                event(9, What::Leave, Some("bela")),
                event(12, What::Join, Some("bela")),
            ],
            ..scenario(20, growing(3))
        },
        _ => return None,
    })
}

fn several(count: u32) -> Vec<Role> {
    vec![Role {
        count,
        ..Role::default()
    }]
}

fn growing(count: u32) -> Vec<Role> {
    vec![Role {
        count,
        grows: true,
        ..Role::default()
    }]
}

fn speakers() -> Role {
    Role {
        count: 2,
        grows: true,
        publishes: vec![Media::Microphone],
        ..Role::default()
    }
}

fn speaker() -> Role {
    Role {
        name: Some("speaker".into()),
        ..Role::default()
    }
}

fn listeners() -> Role {
    Role {
        name: Some("listener".into()),
        count: 3,
        grows: true,
        publishes: Vec::new(),
        ..Role::default()
    }
}

/// Every picture more is encoded once and decoded by all others, on one machine.
fn smooth_enough() -> Picture {
    Picture {
        fps: 15,
        ..Picture::default()
    }
}

fn event(at: u32, what: What, who: Option<&str>) -> Event {
    Event {
        at,
        what,
        who: who.map(str::to_owned),
        loss: None,
        latency: None,
        kbps: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cast::cast;

    #[test]
    fn every_name_is_a_scenario_with_a_cast() {
        for (name, _) in NAMES {
            let scenario = built_in(name).unwrap();
            assert_eq!(scenario.name, name);
            assert!(cast(&scenario, None).unwrap().len() >= 2, "{name}");
            let last = scenario.events.iter().map(|event| event.at).max();
            assert!(last.unwrap_or_default() < scenario.seconds, "{name}");
        }
        assert!(built_in("two-to-one").is_none());
    }
}
