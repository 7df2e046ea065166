//! Services that have ended, are ended, or complain.

use super::{doctor, finding, findings};
use crate::support::docker::docker;
use crate::support::project::TestProject;
use crate::support::until::eventually;

fn container(project: &TestProject) -> String {
    format!("urbania-{}-livekit", project.name)
}

#[test]
fn a_service_that_ends_while_others_run_is_told() {
    let project = TestProject::initialised();
    let found = findings(&doctor(&project, "health").expect(0), "health.services");
    assert_eq!(
        found,
        [("note".to_owned(), "nothing of the project runs".to_owned())]
    );
    project.ok(&["up"]);
    let run = doctor(&project, "health").expect(0);
    let works = ("ok".to_owned(), "mongodb, livekit, api work".to_owned());
    assert_eq!(findings(&run, "health.services"), [works]);
    assert_eq!(findings(&run, "health.ended"), []);

    docker(&["pause", &container(&project)]);
    let found = finding(&doctor(&project, "health").expect(3), "health.ended");
    assert_eq!(found["message"], "`livekit` is paused");
    docker(&["unpause", &container(&project)]);

    docker(&["kill", &container(&project)]);
    let run = doctor(&project, "health").expect(3);
    let found = finding(&run, "health.ended");
    assert_eq!(
        found["message"],
        "`livekit` has ended by itself (exit code 137)"
    );
    assert!(
        found["evidence"][0].as_str().unwrap().starts_with("| "),
        "{found}"
    );
    let stopped = (
        "problem".to_owned(),
        "`livekit` does not run, and other services do".to_owned(),
    );
    assert!(
        findings(&run, "health.services").contains(&stopped),
        "{}",
        run.stdout
    );
}

#[test]
fn a_service_that_the_kernel_ended_for_lack_of_memory_is_told() {
    let project = TestProject::initialised();
    let label = |name: &str, value: &str| format!("io.urbania.{name}={value}");
    let dir = project.dir().display().to_string();
    // LiveKit with less memory than it needs.
    let mut args = vec![
        "run",
        "--detach",
        "--memory",
        "6m",
        "--memory-swap",
        "6m",
        "--network",
        "host",
    ];
    let name = container(&project);
    let labels = [
        label("project", &project.name),
        label("service", "livekit"),
        label("dir", &dir),
    ];
    for label in &labels {
        args.extend(["--label", label]);
    }
    let port = project.ports.livekit().to_string();
    args.extend([
        "--name",
        &name,
        "livekit/livekit-server:v1.13.5",
        "--dev",
        "--port",
        &port,
    ]);
    docker(&args);
    docker(&["wait", &name]);
    // The engine learns of the reason a little later than of the end.
    let why = "the kernel has ended `livekit` for lack of memory";
    eventually("the engine knows why", || {
        finding(&doctor(&project, "health"), "health.ended")["message"] == why
    });
    let found = finding(&doctor(&project, "health").expect(3), "health.ended");
    assert_eq!(found["verdict"], "problem");
}

#[test]
fn a_complaint_of_the_sfu_is_told_with_the_way_out() {
    let project = TestProject::initialised();
    project.ok(&["up", "livekit"]);
    assert_eq!(findings(&doctor(&project, "health"), "health.log"), []);
    project.edit("livekit.yaml", |text| {
        text + "# another pair, of somebody in a hurry\n"
    });
    project.edit("livekit.yaml", |text| {
        text.replacen("keys:\n", "keys:\n  APIhurry: short\n", 1)
    });
    project.ok(&["keys", "sync"]);
    project.ok(&["up", "livekit"]);
    eventually("the complaint is in the log", || {
        !findings(&doctor(&project, "health"), "health.log").is_empty()
    });
    let found = finding(&doctor(&project, "health"), "health.log");
    let message = found["message"].as_str().unwrap();
    assert!(
        message.starts_with("`livekit` has logged a known fault once, last at 20"),
        "{message}"
    );
    assert!(
        found["evidence"][0]
            .as_str()
            .unwrap()
            .contains("secret is too short"),
        "{found}"
    );
    assert!(
        found["fix"][0]
            .as_str()
            .unwrap()
            .ends_with("openssl rand -hex 32")
    );
}
