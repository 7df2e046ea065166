//! What must hold beside who sees and hears whom.

use serde::Serialize;

use crate::lab::call::{Held, Insisted};
use crate::lab::scenario::{Media, Scenario};

/// Something that must hold.
#[derive(Debug, Serialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it does.
    pub passed: bool,
    /// What shows it.
    pub detail: String,
}

/// All of them, for what the scenario has the SFU refuse.
pub fn all(scenario: &Scenario, held: &Held) -> Vec<Check> {
    let mut checks = Vec::new();
    for media in &scenario.refuses {
        checks.push(nobody_gets(*media, held));
        let insisted = held.insisted.iter().filter(|tried| tried.media == *media);
        checks.extend(insisted.map(refused));
    }
    checks
}

fn refused(tried: &Insisted) -> Check {
    let (passed, detail) = match &tried.refusal {
        Ok(Some(why)) if is_refusal(why) => (true, why.clone()),
        Ok(Some(why)) => (false, format!("it was not asked: {why}")),
        Ok(None) => (false, "it has taken one".to_owned()),
        Err(e) => (false, e.to_string()),
    };
    Check {
        name: format!("the SFU refuses {} a {}", tried.who, tried.media),
        passed,
        detail,
    }
}

/// Whether this is how livekit-client says that the SFU takes no track: it was told no, or the SFU kept silent, as LiveKit does.
/// Anything else happened in the browser.
fn is_refusal(why: &str) -> bool {
    why.contains("timed out, no response from server") || why.contains("permission")
}

fn nobody_gets(media: Media, held: &Held) -> Check {
    let told = held.record.told.iter().flat_map(|(viewer, told)| {
        let of = told.others.iter().filter(|(_, received)| match media {
            Media::Camera => received.camera.is_some(),
            Media::Microphone => received.microphone.is_some(),
        });
        of.map(move |(sender, _)| format!("{viewer} is told of one of {sender}"))
    });
    let told: Vec<String> = told.collect();
    let blind = held.record.told.is_empty();
    Check {
        name: format!("there is no {media} in the room"),
        passed: told.is_empty() && !blind,
        detail: match told.as_slice() {
            [] if blind => "nobody was in the room".to_owned(),
            [] => "nobody is told of one".to_owned(),
            told => told.join(", "),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_denial_or_silence_of_the_sfu_is_its_refusal() {
        let check = |why: &str| {
            refused(&Insisted {
                who: "ada".into(),
                media: Media::Camera,
                refusal: Ok(Some(why.into())),
            })
        };
        for why in [
            "publication of local track timed out, no response from server",
            "failed to publish track, insufficient permissions",
        ] {
            assert!(check(why).passed, "{why}");
        }
        for why in [
            "Failed to execute 'captureStream': no context",
            "publishing rejected as engine not connected within timeout",
        ] {
            let check = check(why);
            assert!(!check.passed, "{why}");
            assert_eq!(check.detail, format!("it was not asked: {why}"));
        }
    }
}
