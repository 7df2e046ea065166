//! What people do with the client, in real browsers and with the real SFU: `tests/web/main.mjs`; and what Lighthouse says of
//! its pages: `tests/web/lighthouse.mjs`.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::support::engine::Engine;
use crate::support::project::TestProject;

const PASSWORD: &str = "correct horse battery";

/// A project whose API gives tokens to everybody, with two users.
fn project(engine: Engine) -> TestProject {
    let project = TestProject::initialised_on(engine);
    let settings = format!(
        "api: {{listen: '127.0.0.1:{}', dev: true}}\n",
        project.ports.api()
    );
    project.settings(&settings);
    project.ok(&["up"]);
    for name in ["ada", "bob"] {
        project.add_user(name, PASSWORD);
    }
    project
}

/// Runs a script of tests/web against the project's pages.
async fn walks(project: &TestProject, script: &str) {
    let walk = Command::new("node")
        .arg(format!("{}/tests/web/{script}", env!("CARGO_MANIFEST_DIR")))
        .arg(project.api())
        .env("PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let walk = timeout(Duration::from_mins(5), walk).await;
    let walk = walk.expect("the walk comes to an end").unwrap();
    let said = [walk.stdout, walk.stderr].map(|out| String::from_utf8_lossy(&out).into_owned());
    assert!(walk.status.success(), "{}", said.join("\n"));
    project.ok(&["down", "--volumes", "--yes"]);
}

#[tokio::test]
async fn two_people_meet_through_the_pages_in_every_language_and_can_leave_again() {
    walks(&project(Engine::Docker), "main.mjs").await;
}

#[tokio::test]
async fn lighthouse_gives_every_page_at_least_95_points_for_accessibility() {
    walks(&project(Engine::Embedded), "lighthouse.mjs").await;
}
