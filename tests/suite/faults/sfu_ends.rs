//! An SFU that ends at its start, with exit code 0, as LiveKit does: its own words say why.

use super::{life, nothing_is_left, quoted, told};
use crate::support::project::TestProject;

const REDIS: &str = "redis: {address: '127.0.0.1:1'}\n";
const REDIS_SAYS: &str =
    "unable to connect to redis: dial tcp 127.0.0.1:1: connect: connection refused";
const REDIS_HINT: &str =
    "hint: the `redis:` of livekit.yaml must be reachable; without it LiveKit runs alone\n";

/// Adds to `livekit.yaml` what urbania cannot know to be wrong.
fn add(project: &TestProject, more: &str) {
    project.edit("livekit.yaml", |text| text + more);
}

#[test]
fn the_last_words_of_an_sfu_that_cannot_start_are_quoted_with_a_hint() {
    let port = |project: &TestProject| project.ports.livekit();
    let project = TestProject::initialised();
    let original = project.read("livekit.yaml");
    let own_address = format!(
        "listen tcp 192.0.2.1:{}: bind: cannot assign requested address",
        port(&project)
    );
    for (more, says, hint) in [
        (REDIS, REDIS_SAYS, REDIS_HINT),
        (
            "bind_addresses: [192.0.2.1]\n",
            own_address.as_str(),
            "hint: `bind_addresses` in livekit.yaml must be addresses of the machine that the SFU runs on\n",
        ),
        (
            "turn: {enabled: true, domain: turn.example, tls_port: 19999, cert_file: /no.pem, key_file: /no.key}\n",
            "TURN tls cert required: open /no.pem: no such file or directory",
            "hint: turn.cert_file and turn.key_file are looked for inside the SFU's image; \
             with turn.external_tls, a proxy has them\n",
        ),
        (
            "node_selector: {kind: nonsense}\n",
            "unsupported node selector",
            "hint: put that right, then run urbania up again\n",
        ),
    ] {
        project.write("livekit.yaml", &original);
        add(&project, more);
        let run = project.run(&["up"]).expect(1);
        assert_eq!(run.stdout, "");
        assert_eq!(
            told(&run),
            format!(
                "starting mongodb\n\
                 starting livekit\n\
                 undoing what was begun\n\
                 error: `livekit` ended while it started (exit code 0); its last words:\n\
                 {hint}"
            )
        );
        assert!(quoted(&run).contains(&says), "{}", run.stderr);
        nothing_is_left(&project);
    }
}

#[test]
fn without_a_stun_server_an_sfu_that_needs_one_says_so() {
    let project = TestProject::initialised();
    project.edit("livekit.yaml", |text| {
        let stun = "rtc:\n  use_external_ip: true\n  stun_servers: ['127.0.0.1:1']\n";
        text.replace("rtc:\n", stun)
    });
    let run = project.run(&["up"]).expect(1);
    assert_eq!(
        told(&run),
        "starting mongodb\n\
         starting livekit\n\
         undoing what was begun\n\
         error: `livekit` ended while it started (exit code 0); its last words:\n\
         hint: rtc.use_external_ip asks STUN servers; set it to false where none can be reached\n"
    );
    assert_eq!(
        quoted(&run),
        ["could not validate RTC config: could not resolve external IP: context deadline exceeded"]
    );
    nothing_is_left(&project);
}

#[test]
fn a_change_that_the_sfu_refuses_leaves_the_old_one_running() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let before = life(&project);
    let original = project.read("livekit.yaml");

    add(&project, REDIS);
    let run = project.run(&["up"]).expect(1);

    assert_eq!(
        told(&run),
        format!(
            "starting livekit\n\
             undoing what was begun\n\
             livekit: the one from before runs again\n\
             error: `livekit` ended while it started (exit code 0); its last words:\n\
             {REDIS_HINT}"
        )
    );
    let after = life(&project);
    assert_eq!(after.1, before.1, "the API went on");
    same_containers_run(&before.0, &after.0);

    let run = project.run(&["restart"]).expect(1);
    assert_eq!(
        told(&run),
        format!(
            "restarting mongodb\n\
             starting livekit\n\
             undoing what was begun\n\
             livekit: the one from before runs again\n\
             error: `livekit` ended while it started (exit code 0); its last words:\n\
             {REDIS_HINT}"
        )
    );
    let after = life(&project);
    assert_eq!(after.1, before.1, "the API went on");
    same_containers_run(&before.0, &after.0);

    project.write("livekit.yaml", &original);
    let run = project.run(&["up"]).expect(0);
    assert!(
        run.stderr.ends_with("\neverything ran already\n"),
        "{}",
        run.stderr
    );
    assert_eq!(life(&project), after);
}

#[track_caller]
fn same_containers_run(before: &[String], after: &[String]) {
    let id = |line: &String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let ids = |lives: &[String]| lives.iter().map(id).collect::<Vec<_>>();
    assert_eq!(ids(after), ids(before));
    assert!(
        after.iter().all(|line| line.ends_with(" true")),
        "{after:?}"
    );
}
