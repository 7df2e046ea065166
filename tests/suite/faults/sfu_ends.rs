//! An SFU that ends at its start, with exit code 0, as LiveKit does: its own words say why.

use super::{life, nothing_is_left, nothing_runs, quoted, told};
use crate::support::docker::docker;
use crate::support::project::TestProject;

const OLDER: &str = "test-lint/livekit-server:v1.8.4";
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
            "turn: {enabled: true, udp_port: 19998, bind_addresses: ['::']}\n",
            "no matching node IP for relay",
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
fn what_urbania_does_not_understand_is_passed_on_by_force_and_livekit_says_what_it_is() {
    let project = TestProject::initialised();
    let original = project.read("livekit.yaml");
    let line = original.lines().count() + 1;
    for (more, refusal, says, hint) in [
        (
            "no_such_key: 1\n",
            "1: no_such_key: not a key that LiveKit 1.13.5 knows",
            "field no_such_key not found in type config.Config",
            "a key in livekit.yaml is unknown to this release of LiveKit: urbania config validate",
        ),
        (
            "turn: {enabled: true, domain: turn.example, tls_port: 19999, cert_file: /no.pem, key_file: /no.key}\n",
            "73: turn.cert_file: cannot read `/no.pem`: No such file or directory (os error 2)",
            "TURN tls cert required: open /no.pem: no such file or directory",
            "turn.cert_file and turn.key_file must be a PEM certificate and its key; \
             with turn.external_tls, a proxy has them",
        ),
    ] {
        project.write("livekit.yaml", &original);
        add(&project, more);
        let refused = project.run(&["up"]).expect(2).stderr;
        assert!(
            refused.contains(&format!("livekit.yaml:{line}:{refusal}\n")),
            "{refused}"
        );
        let run = project.run(&["up", "--pass-unknown"]).expect(1);
        assert_eq!(
            told(&run),
            format!(
                "starting mongodb\n\
                 starting livekit\n\
                 undoing what was begun\n\
                 error: `livekit` ended while it started (exit code 0); its last words:\n\
                 hint: {hint}\n"
            )
        );
        let words = quoted(&run);
        assert!(words.iter().any(|line| line.contains(says)), "{words:?}");
        nothing_is_left(&project);
    }
}

#[test]
fn what_livekit_understands_all_the_same_runs_with_a_warning() {
    // An image that is newer than its tag says.
    docker(&["tag", "livekit/livekit-server:v1.13.5", OLDER]);
    let image = format!("images: {{livekit: '{OLDER}'}}\n");
    let project = TestProject::initialised();
    project.settings(&image);
    add(&project, "node_stats: {stats_max_delay: 30s}\n");
    let refused = project.run(&["up"]).expect(2).stderr;
    let says = "node_stats: came with LiveKit 1.9.0; this is 1.8.4\n";
    let hint = "hint: if LiveKit knows better: urbania up --pass-unknown, \
                or `pass_unknown: true` in urbania.yaml\n";
    assert!(refused.ends_with(&format!("{says}{hint}")), "{refused}");

    let run = project.run(&["up", "--pass-unknown"]).expect(0);
    assert!(run.stderr.contains(says), "{}", run.stderr);
    assert!(project.api_pid().is_some());
    project.settings(&format!("{image}pass_unknown: true\n"));
    assert!(project.ok(&["status"]).contains("healthy"));
    let again = project.run(&["up"]).expect(0).stderr;
    assert!(again.ends_with("\neverything ran already\n"), "{again}");
    project.settings("");
    project.ok(&["down"]);
    nothing_runs(&project);
    docker(&["image", "rm", OLDER]);
}

#[test]
fn a_change_that_the_sfu_refuses_leaves_the_old_one_running() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let before = life(&project);
    let original = project.read("livekit.yaml");

    add(&project, REDIS);
    for (command, first) in [("up", ""), ("restart", "restarting mongodb\n")] {
        let run = project.run(&[command]).expect(1);
        assert_eq!(
            told(&run),
            format!(
                "{first}starting livekit\n\
                 undoing what was begun\n\
                 livekit: the one from before runs again\n\
                 error: `livekit` ended while it started (exit code 0); its last words:\n\
                 {REDIS_HINT}"
            )
        );
        let after = life(&project);
        assert_eq!(after.1, before.1, "the API went on");
        same_containers_run(&before.0, &after.0);
    }
    let after = life(&project);

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
