//! Two projects on one engine, seen and stopped from anywhere. The engine and the processes are the
//! test's own: `--all` means everybody's.

use super::{LIVEKIT, MONGODB};
use crate::support::dockerd::Dockerd;
use crate::support::project::{Run, TestProject};

#[test]
fn two_projects_run_side_by_side_and_are_stopped_from_anywhere() {
    let engine = Dockerd::apart();
    engine.load(LIVEKIT);
    engine.load(MONGODB);
    let projects = [TestProject::initialised(), TestProject::initialised()];
    for project in &projects {
        let _ = engine.run(project, &["up"]).expect(0);
    }
    for project in &projects {
        assert_eq!(engine.belongings(&project.name).len(), 3);
        assert_eq!(project.processes().len(), 1, "its API");
    }
    // Neither is in the other's way.
    let [one, two] = &projects;
    let _ = engine.run(one, &["down"]).expect(0);
    let _ = engine.run(two, &["up"]).expect(0);
    assert_eq!(engine.belongings(&two.name).len(), 3);
    let _ = engine.run(one, &["up"]).expect(0);

    let elsewhere = tempfile::tempdir().unwrap();
    let from_elsewhere = |args: &[&str]| {
        let mut command = engine.urbania(one, args);
        Run::of(
            args,
            &command.current_dir(elsewhere.path()).output().unwrap(),
        )
    };
    let run = from_elsewhere(&["status", "--all", "-o", "json"]).expect(0);
    let status: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for project in &projects {
        let name = project.name.as_str();
        let found = status.as_array().unwrap().iter();
        let found = found.clone().find(|p| p["project"] == name).unwrap();
        let health = found["services"].as_array().unwrap().iter();
        let health: Vec<_> = health.map(|s| &s["health"]).collect();
        assert_eq!(health, ["healthy"; 3], "{found}");
    }
    let run = from_elsewhere(&["down", "--all"]).expect(0);
    let mut names = projects.each_ref().map(|project| project.name.clone());
    names.sort();
    let told = names
        .map(|name| format!("project {name}\nstopping api\nstopping livekit\nstopping mongodb\n"));
    assert_eq!(run.stderr, told.concat());
    for project in &projects {
        let volume = format!("urbania-{}-mongodb", project.name);
        assert_eq!(engine.belongings(&project.name), [volume]);
        assert_eq!(project.processes(), [0; 0]);
    }
    assert_eq!(
        from_elsewhere(&["down", "--all"]).expect(0).stderr,
        "nothing runs\n"
    );
    let _ = from_elsewhere(&["down", "--all", "--volumes", "--yes"]).expect(0);
    for project in &projects {
        assert_eq!(engine.belongings(&project.name), [""; 0]);
    }
}
