//! What people do with the client, in real browsers and with the real SFU: `tests/web/main.mjs`.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::support::project::TestProject;

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn two_people_meet_through_the_pages_in_every_language_and_can_leave_again() {
    let project = TestProject::initialised();
    let settings = format!(
        "api: {{listen: '127.0.0.1:{}', dev: true}}\n",
        project.ports.api()
    );
    project.settings(&settings);
    project.ok(&["up"]);
    for name in ["ada", "bob"] {
        project.add_user(name, PASSWORD);
    }
    let walk = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/web/main.mjs"))
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
