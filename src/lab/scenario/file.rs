//! Scenarios of the user's own, read as strictly as the project's files.

use std::path::Path;

use serde_json::Value;

use super::Scenario;
use crate::config::{Problem, bounded_text, derived, error_in, strictly};
use crate::error::{Context as _, Result};

/// Bigger files are refused.
const BIGGEST: u64 = 1 << 20;

/// The schema of such files.
pub fn scenario_schema() -> Value {
    derived::<Scenario>("scenario.yaml")
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Scenario> {
    let name = path.display().to_string();
    let text = bounded_text(path, BIGGEST).or_fail(|| format!("cannot read `{name}`"))?;
    parsed(&name, &text).map_err(|problems| error_in(&format!("`{name}`"), problems))
}

fn parsed(name: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    strictly(name, text, |_| Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::scenario::{Media, What};

    #[test]
    fn a_scenario_is_read_and_what_it_does_not_say_has_a_default() {
        let text = "name: town hall\nseconds: 20\n\
                    roles:\n- {name: speaker, mutes: [camera]}\n- {count: 3, publishes: []}\n\
                    events: [{at: 5, what: network, loss: 3}]\n";
        let scenario = parsed("own.yaml", text).unwrap();
        assert_eq!(scenario.roles[0].publishes, Media::ALL);
        assert_eq!(scenario.roles[0].mutes, [Media::Camera]);
        assert_eq!(scenario.roles[1].count, 3);
        assert_eq!(scenario.events[0].what, What::Network);
        assert_eq!(scenario.picture.width, 640);
        assert_eq!(
            scenario.events[0].to_string(),
            "everybody's network: 3 % of packets are lost"
        );
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let text = "seconds: 0\nroles: [{mutes: [kamera]}]\nevents: [{at: 1, what: reconect}]\n";
        let problems = parsed("own.yaml", text).unwrap_err();
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("own.yaml:1:10: seconds: "), "{told:?}");
        assert!(told[1].contains("did you mean `camera`?"), "{told:?}");
        assert!(told[2].contains("did you mean `reconnect`?"), "{told:?}");
    }
}
