//! `urbania down --all` beside other commands and projects that cannot be stopped. The engine and
//! the processes are the test's own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::{LIVEKIT, MONGODB};
use crate::support::dockerd::Dockerd;
use crate::support::project::{Run, TestProject};

#[test]
fn all_projects_are_stopped_except_those_at_work_or_out_of_reach() {
    let mut engine = Dockerd::apart();
    engine.load(LIVEKIT);
    engine.load(MONGODB);
    let mut projects = [TestProject::initialised(), TestProject::initialised()];
    projects.sort_by_key(|project| project.name.clone());
    let [first, second] = &projects;
    let elsewhere = tempfile::tempdir().unwrap();

    // While another command has the project, nothing of it is touched.
    let _ = engine.run(first, &["up", "livekit"]).expect(0);
    let lock = File::open(first.path(".urbania/lock")).unwrap();
    lock.lock().unwrap();
    let mut command = engine.urbania(first, &["down", "--all"]);
    command.current_dir(elsewhere.path()).stderr(Stdio::piped());
    let mut down = command.spawn().unwrap();
    let mut told = BufReader::new(down.stderr.take().unwrap()).lines();
    let line = told.by_ref().map(Result::unwrap);
    let waits = line.take(2).any(|line| line.starts_with("waiting for "));
    assert!(waits, "it took no notice of the lock");
    assert_eq!(engine.belongings(&first.name).len(), 1);
    drop(lock);
    let _ = told.by_ref().count();
    assert!(down.wait().unwrap().success());
    assert_eq!(engine.belongings(&first.name), [""; 0]);

    // One that fails does not save the next, of which the engine knows no more than its data.
    let _ = engine.run(first, &["up", "livekit"]).expect(0);
    let _ = engine.run(second, &["up"]).expect(0);
    for service in ["livekit", "mongodb"] {
        let name = format!("urbania-{}-{service}", second.name);
        engine.docker(&["rm", "--force", &name]);
    }
    fs::remove_file(first.path(".urbania/lock")).unwrap();
    fs::create_dir(first.path(".urbania/lock")).unwrap();
    let down = engine.run(first, &["down", "--all"]).expect(1);
    let verdict = format!(
        "error: 1 of 2 projects could not be stopped: `{}`\n",
        first.name
    );
    assert!(down.stderr.ends_with(&verdict), "{}", down.stderr);
    assert_eq!(engine.belongings(&first.name).len(), 1);
    assert_eq!(second.processes(), [0; 0]);
    fs::remove_dir(first.path(".urbania/lock")).unwrap();

    // The engine knows nothing at all of a project whose API runs.
    let all = |engine: &Dockerd| {
        let mut command = engine.urbania(first, &["down", "--all"]);
        let output = command.current_dir(elsewhere.path()).output().unwrap();
        Run::of(&["down", "--all"], &output)
    };
    let _ = all(&engine).expect(0);
    let leave_the_api_alone = || {
        let _ = engine.run(second, &["up"]).expect(0);
        for service in ["livekit", "mongodb"] {
            let name = format!("urbania-{}-{service}", second.name);
            engine.docker(&["rm", "--force", &name]);
        }
        let volume = format!("urbania-{}-mongodb", second.name);
        engine.docker(&["volume", "rm", &volume]);
        assert_eq!(engine.belongings(&second.name), [""; 0]);
        assert_eq!(second.processes().len(), 1, "its API");
    };
    leave_the_api_alone();
    let told = format!("project {}\nstopping api\n", second.name);
    assert_eq!(all(&engine).expect(0).stderr, told);
    assert_eq!(second.processes(), [0; 0]);

    // An API needs no engine to end.
    leave_the_api_alone();
    engine.end();
    let run = all(&engine).expect(1);
    let told = format!(
        "project {}: api is stopped; the containers need the engine\nerror: no Docker engine is running",
        second.name
    );
    assert!(run.stderr.starts_with(&told), "{}", run.stderr);
    assert_eq!(second.processes(), [0; 0]);
}
