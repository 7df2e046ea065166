//! What can go wrong around `urbania up`, on the real engine: what is said, and what is left.

mod api_ends;
mod disk_full;
mod down_all;
mod health_timeout;
mod killed_up;
mod no_engine;
mod other_password;
mod pulls;
mod secrets;
mod sfu_ends;
mod side_by_side;
mod taken_ports;
mod two_ups;

use crate::support::docker::{containers, docker, volumes};
use crate::support::project::{Run, TestProject};

/// What a run said on stderr, without the words of a service that it quotes.
fn told(run: &Run) -> String {
    let own = |line: &&str| !line.starts_with(QUOTE);
    run.stderr.split_inclusive('\n').filter(own).collect()
}

/// The words of a service that a run quotes.
fn quoted(run: &Run) -> Vec<&str> {
    let lines = run.stderr.lines();
    lines.filter_map(|line| line.strip_prefix(QUOTE)).collect()
}

const QUOTE: &str = "  | ";

/// Nothing of a project is left, except that its data may be.
#[track_caller]
fn nothing_runs(project: &TestProject) {
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
}

/// Nothing of a project is left, and it was never there.
#[track_caller]
fn nothing_is_left(project: &TestProject) {
    nothing_runs(project);
    assert_eq!(volumes(&project.name), [""; 0]);
}

/// Id and start of a project's containers, and its API's process: the same as long as it goes on.
fn life(project: &TestProject) -> (Vec<String>, Option<u32>) {
    let mut lives = Vec::new();
    for name in containers(&project.name) {
        let format = "{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Running}}";
        lives.extend(docker(&["inspect", "--format", format, &name]));
    }
    lives.sort();
    (lives, project.api_pid())
}

/// An image that starts differently from the one it was made from; gone with the value.
struct Variant(String);

impl Variant {
    fn of(image: &str, name: &str, changes: &[&str]) -> Self {
        let container = docker(&["create", image, "unused"]).remove(0);
        let mut args = vec!["commit"];
        args.extend(changes.iter().flat_map(|change| ["--change", change]));
        args.extend([container.as_str(), name]);
        docker(&args);
        docker(&["rm", &container]);
        Self(name.to_owned())
    }
}

impl Drop for Variant {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.0]);
    }
}

/// The image of the SFU.
const LIVEKIT: &str = "livekit/livekit-server:v1.13.5";
/// The image of MongoDB.
const MONGODB: &str = "mongo:8.0";
