//! Backends that run with another pair, as processes and in containers.

use std::process::Command;

use super::keys::{OTHER, lines, pair, refused_pair};
use super::{doctor, finding, findings};
use crate::support::docker::docker;
use crate::support::own::Own;
use crate::support::project::{Run, TestProject};

/// A backend in the project's folder, with this pair in its environment.
pub fn start(project: &TestProject, key: &str, secret: &str) -> Own {
    let mut command = Command::new("sleep");
    command.arg("600").current_dir(project.dir());
    command
        .env("LIVEKIT_API_KEY", key)
        .env("LIVEKIT_API_SECRET", secret);
    Own::start(&mut command)
}

#[test]
fn a_backend_that_runs_with_an_old_pair_is_named() {
    let project = TestProject::initialised();
    let (key, secret) = pair(&project);
    let _right = start(&project, &key, &secret);
    assert_eq!(
        findings(&doctor(&project, "keys").expect(0), "keys.process-differs"),
        []
    );
    let wrong = start(&project, &key, OTHER);
    let run = doctor(&project, "keys").expect(3);
    assert_eq!(
        finding(&run, "keys.process-differs")["message"],
        format!(
            "`sleep 600` (pid {}) runs with a key pair that is not in livekit.yaml",
            wrong.0.id()
        )
    );
    assert!(!run.stdout.contains(OTHER));
}

/// A container that is removed with the value.
struct Container(String);

impl Container {
    /// A backend with these variables and labels, of an image that is there.
    fn start(project: &TestProject, variables: &[String], labels: &[String]) -> Self {
        let name = format!("backend-of-{}", project.name);
        let mut args = vec!["run", "--detach", "--name", &name, "--network", "none"];
        for variable in variables {
            args.extend(["--env", variable]);
        }
        for label in labels {
            args.extend(["--label", label]);
        }
        // Any program that goes on will do.
        args.push("mongo:8.0");
        docker(&args);
        Self(name)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.0]);
    }
}

#[test]
fn a_backend_in_a_container_with_another_pair_is_named() {
    let project = TestProject::initialised();
    let (key, secret) = pair(&project);
    project.ok(&["up", "livekit"]);
    let with = |secret: &str| {
        let pair = lines(&key, secret);
        pair.lines().map(Into::into).collect::<Vec<String>>()
    };
    let url = |port: u16| format!("LIVEKIT_WS_URL=ws://host.docker.internal:{port}");
    let ours = url(project.ports.livekit());
    let differs = |run: &Run| findings(run, "keys.process-differs");

    let theirs = [with(OTHER), vec![url(1)]].concat();
    let container = Container::start(&project, &theirs, &[]);
    assert_eq!(differs(&doctor(&project, "keys").expect(0)), []);
    drop(container);
    let right = Container::start(&project, &[with(&secret), vec![ours.clone()]].concat(), &[]);
    assert_eq!(differs(&doctor(&project, "keys").expect(0)), []);
    drop(right);

    let says = format!("container `backend-of-{}`", project.name);
    let dir = format!(
        "com.docker.compose.project.working_dir={}",
        project.dir().display()
    );
    for (more, labels) in [(vec![ours], vec![]), (vec![], vec![dir])] {
        let wrong = [with(OTHER), more].concat();
        let _wrong = Container::start(&project, &wrong, &labels);
        let run = doctor(&project, "keys").expect(3);
        let message = format!("{says} runs with a key pair that is not in livekit.yaml");
        assert_eq!(differs(&run), [("problem".to_owned(), message)]);
        // The proof.
        let refused = refused_pair(&run);
        let base = format!("http://127.0.0.1:{}", project.ports.livekit());
        assert_eq!(
            refused["message"],
            format!("the SFU at {base} refuses the pair `{key}` of {says}")
        );
        assert!(!run.stdout.contains(OTHER) && !run.stderr.contains(OTHER));
    }
}
