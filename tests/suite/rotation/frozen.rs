//! An SFU that does not answer, but is there: calls may be in it.

use super::{let_tokens_be_over, running, status};
use crate::support::docker::docker;

#[test]
fn an_sfu_that_does_not_answer_is_not_taken_for_idle() {
    let project = running("");
    project.ok(&["keys", "rotate"]);
    let old = status(&project)["retiring"]["key"].clone();
    let_tokens_be_over(&project);
    let before = project.read("livekit.yaml");
    let container = format!("urbania-{}-livekit", project.name);
    docker(&["pause", &container]);
    let run = project.run(&["keys", "rotate", "--finish"]).expect(1);
    let kept = project.read("livekit.yaml");
    docker(&["unpause", &container]);
    assert!(
        run.stderr
            .starts_with("error: cannot tell what the SFU at http://127.0.0.1:"),
        "{}",
        run.stderr
    );
    assert_eq!(kept, before);
    project.ok(&["keys", "rotate", "--finish"]);
    assert!(!project.read("livekit.yaml").contains(old.as_str().unwrap()));
}
