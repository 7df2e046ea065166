//! MongoDB takes its password when its volume is made; with another one in `.env` nobody gets in.

use super::{life, nothing_runs};
use crate::support::docker::volumes;
use crate::support::project::TestProject;

const REFUSAL: &str = "error: MongoDB refuses the password of MONGODB_URI: its volume was made with another one\n\
     hint: to keep the data, put the password that it was made with into MONGODB_URI in .env\n\
     hint: delete the data: urbania down --volumes, then urbania up\n";

#[test]
fn another_password_on_an_old_volume_is_told_apart_and_the_data_stays() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    project.add_user("ada", "correct horse battery");
    let before = life(&project);
    let original = project.read(".env");
    let (start, rest) = original.split_once("mongodb://urbania:").unwrap();
    let (_, end) = rest.split_once('@').unwrap();
    let other = format!("{start}mongodb://urbania:another-password@{end}");

    project.write(".env", &other);
    let run = project.run(&["up"]).expect(1);
    assert_eq!(
        run.stderr,
        format!(
            "starting mongodb\n\
             undoing what was begun\n\
             mongodb: the one from before runs again\n\
             {REFUSAL}"
        )
    );
    project.write(".env", &original);
    let run = project.run(&["up"]).expect(0);
    assert!(
        run.stderr.ends_with("\neverything ran already\n"),
        "{}",
        run.stderr
    );
    assert_eq!(life(&project).1, before.1);

    project.ok(&["down"]);
    project.write(".env", &other);
    let run = project.run(&["up"]).expect(1);
    assert_eq!(
        run.stderr,
        format!("starting mongodb\nundoing what was begun\n{REFUSAL}")
    );
    nothing_runs(&project);
    assert_eq!(volumes(&project.name).len(), 1);

    // The first way out.
    project.write(".env", &original);
    project.ok(&["up"]);
    assert!(project.ok(&["user", "list"]).contains("ada"));

    // The second way out.
    project.ok(&["down", "--volumes", "--yes"]);
    project.write(".env", &other);
    project.ok(&["up"]);
    assert!(!project.ok(&["user", "list"]).contains("ada"));
}
