//! An API that cannot start again.

use super::{life, quoted, told};
use crate::support::project::TestProject;

#[test]
fn an_api_that_could_not_start_is_not_stopped() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let before = life(&project);
    project.edit(".env", |text| {
        text.replace("URBANIA_SESSION_SECRET", "URBANIA_NO_SECRET")
    });
    let run = project.run(&["restart", "api"]).expect(2);
    assert_eq!(
        run.stderr,
        "error: `URBANIA_SESSION_SECRET` is neither in the environment nor in .env\n\
         hint: urbania up   writes what .env lacks\n"
    );
    assert_eq!(life(&project), before);
}

#[test]
fn a_new_api_that_ends_takes_the_rest_back_and_says_that_none_runs() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let before = life(&project);
    let original = project.read("livekit.yaml");
    project.write(
        "livekit.yaml",
        &original.replace("max_participants: 100", "max_participants: 99"),
    );
    let elsewhere = format!("api: {{listen: '192.0.2.1:{}'}}\n", project.ports.api());
    project.settings(&elsewhere);

    let run = project.run(&["up"]).expect(1);
    assert_eq!(
        told(&run),
        "starting livekit\n\
         restarting api\n\
         undoing what was begun\n\
         livekit: the one from before runs again\n\
         api: it ran before and does not now; urbania up starts it when its files are right\n\
         error: `api` ended while it started; its last words:\n\
         hint: `api.listen` in urbania.yaml must be an address of this machine\n"
    );
    let last = format!(
        "error: cannot listen on `192.0.2.1:{}`",
        project.ports.api()
    );
    let why = "  cause: Cannot assign requested address (os error 99)";
    assert!(quoted(&run).ends_with(&[&*last, why]), "{}", run.stderr);
    assert_eq!(project.api_pid(), None);

    project.write("livekit.yaml", &original);
    project.settings("");
    let run = project.run(&["up"]).expect(0);
    assert!(run.stderr.starts_with("starting api\n"), "{}", run.stderr);
    let ids = |lives: &[String]| -> Vec<String> {
        let id = |line: &String| line.split(' ').nth(1).unwrap().to_owned();
        lives.iter().map(id).collect()
    };
    assert_eq!(ids(&life(&project).0), ids(&before.0));
}
