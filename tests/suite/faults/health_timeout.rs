//! Services that run and never become what they should be.

use super::{LIVEKIT, Variant, life, nothing_is_left, quoted, told};
use crate::support::docker::docker;
use crate::support::project::TestProject;

#[test]
fn a_service_that_never_becomes_healthy_is_given_up_in_time() {
    let project = TestProject::initialised();
    // It runs, and speaks anything but MongoDB's protocol.
    let start =
        r#"ENTRYPOINT ["/livekit-server","--dev","--bind","0.0.0.0","--node-ip","127.0.0.1"]"#;
    let name = format!("{}-deaf", project.name);
    let image = Variant::of(LIVEKIT, &name, &[start, "CMD []"]);
    project.settings(&format!("images: {{mongodb: {}}}\n", image.0));
    let run = project.run(&["up", "--wait-timeout", "5s"]).expect(1);
    // Whether the engine's proxy closes or resets what it cannot pass on is a matter of chance.
    let said = told(&run);
    let (start, rest) = said.split_once(" (").unwrap();
    let (_, end) = rest.split_once("); ").unwrap();
    assert_eq!(
        format!("{start}; {end}"),
        "starting mongodb\n\
         undoing what was begun\n\
         error: `mongodb` is not healthy after 5 s: it does not speak yet; its last words:\n\
         hint: put that right, then run urbania up again\n\
         hint: --wait-timeout 5m   waits longer\n"
    );
    let words = quoted(&run).join("\n");
    assert!(words.contains("starting LiveKit server"), "{words}");
    nothing_is_left(&project);
}

#[test]
fn a_service_that_hangs_is_left_alone_and_can_be_restarted() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let before = life(&project);
    let name = format!("urbania-{}-livekit", project.name);
    docker(&["kill", "--signal", "STOP", &name]);
    let run = project.run(&["up", "--wait-timeout", "1s"]).expect(1);
    let hints = "hint: urbania restart livekit   stops and starts it\n\
                 hint: urbania logs livekit   shows more\n\
                 hint: --wait-timeout 5m   waits longer\n";
    assert!(run.stderr.ends_with(hints), "{}", run.stderr);
    assert_eq!(life(&project), before);
    docker(&["kill", "--signal", "CONT", &name]);
}

#[test]
fn an_sfu_with_other_keys_is_not_healthy() {
    let project = TestProject::initialised();
    let env = project.read(".env");
    let mut lines = env.lines();
    let key = lines
        .find_map(|line| line.strip_prefix("LIVEKIT_API_KEY="))
        .unwrap();
    let keys = format!(r#"ENV LIVEKIT_KEYS="{key}: {}""#, "s".repeat(32));
    let name = format!("{}-stranger", project.name);
    let image = Variant::of(LIVEKIT, &name, &[&keys]);
    project.settings(&format!("images: {{livekit: {}}}\n", image.0));
    let run = project.run(&["up"]).expect(1);
    assert_eq!(
        run.stderr,
        format!(
            "starting mongodb\n\
             starting livekit\n\
             undoing what was begun\n\
             error: the SFU at http://127.0.0.1:{} refuses a token of the key `{key}` in livekit.yaml: invalid token: …, error: token signature is invalid: signature is invalid\n\
             hint: does another SFU hold this port? urbania ports   shows who does\n\
             hint: is the clock of the engine right? tokens are valid from now on\n",
            project.ports.livekit()
        )
    );
    nothing_is_left(&project);
}
