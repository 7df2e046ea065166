//! `urbania doctor`: each fault is made on a part of the real machine, and told.

use std::process::Command;

use serde_json::Value;

use crate::support::network::apart;
use crate::support::project::{Run, TestProject};

mod address;
mod backends;
mod config;
mod engine;
mod firewall;
mod health;
mod healthy;
mod ice;
mod keys;
mod machine;
mod pages;
mod ports;

/// `urbania doctor` for programs, of one group.
fn doctor(project: &TestProject, group: &str) -> Run {
    project.run(&["doctor", "-o", "json", "--only", group])
}

/// The same in a network of its own, after these lines of a shell.
fn doctor_apart(project: &TestProject, group: &str, lines: &[&str]) -> Run {
    let args = ["doctor", "-o", "json", "--only", group];
    let mut command = apart(&project.command(&args), lines);
    Run::of(&args, &command.output().unwrap())
}

/// The same command with a clock that is off by so much.
fn at(offset: &str, command: &Command) -> Command {
    let mut skewed = Command::new("faketime");
    skewed
        .args(["-f", offset])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        skewed.envs(value.map(|value| (name, value)));
    }
    if let Some(dir) = command.get_current_dir() {
        skewed.current_dir(dir);
    }
    skewed
}

/// What came of one check.
fn check(run: &Run, code: &str) -> Value {
    let answer: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", run.stdout, run.stderr));
    let groups = answer["groups"].as_array().unwrap();
    let checks = groups.iter().flat_map(|g| g["checks"].as_array().unwrap());
    let found = checks.clone().find(|check| check["code"] == code);
    found
        .unwrap_or_else(|| panic!("{code} in {answer}"))
        .clone()
}

/// Verdict and message of each finding of a check, which must have looked.
#[track_caller]
fn findings(run: &Run, code: &str) -> Vec<(String, String)> {
    let check = check(run, code);
    assert_eq!(check["not_looked"], Value::Null, "{code}");
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = check["findings"].as_array().unwrap().iter();
    findings
        .map(|f| (text(f, "verdict"), text(f, "message")))
        .collect()
}

/// The one finding of a check.
#[track_caller]
fn finding(run: &Run, code: &str) -> Value {
    let check = check(run, code);
    assert_eq!(check["not_looked"], Value::Null, "{code}");
    let findings = check["findings"].as_array().unwrap();
    let [finding] = findings.as_slice() else {
        panic!("{code}: {findings:?}");
    };
    finding.clone()
}
