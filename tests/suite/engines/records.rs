//! A file of records that cannot be used.

use std::fs;
use std::time::{Duration, Instant};

use super::nothing_is_left;
use crate::support::engine::Engine;
use crate::support::project::TestProject;
use crate::support::until::eventually;

#[test]
fn up_refuses_at_once_what_the_api_could_not_open() {
    let project = TestProject::initialised_on(Engine::Embedded);
    let file = project.path(".urbania/urbania.db");
    fs::create_dir_all(project.path(".urbania")).unwrap();
    for cause in ["file is not a database", "Is a directory"] {
        if cause == "Is a directory" {
            fs::create_dir(&file).unwrap();
        } else {
            fs::write(&file, "no database ".repeat(500)).unwrap();
        }
        let began = Instant::now();
        let up = project.run(&["up"]).expect(1).stderr;
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{:?}",
            began.elapsed()
        );
        let path = file.display();
        let told = format!("error: the records in `{path}` cannot be used\n");
        let hint = format!("hint: or begin without users and rooms: mv {path} {path}.old\n");
        assert!(up.contains(&told) && up.contains(cause), "{up}");
        assert!(up.ends_with(&hint) && !up.contains("starting"), "{up}");
        nothing_is_left(&project);
        let moved = project.path(".urbania/urbania.db.old");
        let _ = fs::remove_file(&moved);
        fs::rename(&file, moved).unwrap();
    }
    project.ok(&["up"]);

    // What happens to it later is in the log.
    let _ = fs::remove_file(project.path(".urbania/urbania.db-wal"));
    fs::remove_file(&file).unwrap();
    fs::write(&file, "no database ".repeat(500)).unwrap();
    eventually("the API cannot do its work", || {
        project
            .run(&["status"])
            .stdout
            .contains("store: unreachable")
    });
    let log = project.ok(&["logs", "api"]);
    let told = "the store does not answer: file is not a database";
    assert_eq!(log.matches(told).count(), 1, "{log}");
    project.ok(&["down"]);
}
