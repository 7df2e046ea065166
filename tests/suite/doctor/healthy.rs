//! A healthy stack, about which nothing is said.

use serde_json::Value;
use urbania::doctor::{CHECKS, Group};

use super::check;
use crate::support::project::TestProject;
use crate::support::until::eventually;

/// What depends on the machine of the tests and on other tests, not on the stack.
const OF_THE_MACHINE: [&str; 4] = [
    "engine.leftovers",
    "engine.disk",
    "machine.capacity",
    "machine.udp-buffer",
];

#[test]
fn nothing_is_said_of_a_healthy_stack() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let mut answer = Value::Null;
    eventually("this machine has time enough to try media", || {
        let run = project.run(&["doctor", "-o", "json"]).expect(0);
        answer = serde_json::from_str(&run.stdout).unwrap();
        let media = check(&run, "ice.media");
        let why = media["not_looked"].as_str().unwrap_or_default();
        !why.starts_with("there was not time enough")
    });
    assert_eq!(answer["project"], project.name.as_str());
    let groups = answer["groups"].as_array().unwrap();
    let names: Vec<&str> = groups
        .iter()
        .map(|g| g["group"].as_str().unwrap())
        .collect();
    assert_eq!(names, Group::ALL.map(Group::as_str));
    let checks: Vec<&Value> = groups
        .iter()
        .flat_map(|group| group["checks"].as_array().unwrap())
        .collect();
    assert_eq!(checks.len(), CHECKS.len());
    for check in checks {
        // Everything is there, so everything is looked at.
        assert_eq!(check["not_looked"], Value::Null, "{check}");
        if !OF_THE_MACHINE.contains(&check["code"].as_str().unwrap()) {
            assert_eq!(check["verdict"], "ok", "{check}");
        }
    }

    let run = project.run(&["doctor"]).expect(0);
    let lines: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect();
    assert_eq!(lines.len(), Group::ALL.len(), "{}", run.stdout);
    assert_eq!(run.stderr, "");
}
