//! What the commands print, to the letter.

use serde_json::Value;

use crate::support::docker::docker;
use crate::support::project::TestProject;

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let project = TestProject::initialised();
    let plan = project.ok(&["up", "--dry-run"]);
    assert_eq!(
        plan,
        "ACTION  SERVICE  DETAIL\n\
         create  mongodb\n\
         create  livekit\n\
         start   api\n"
    );
    assert!(!project.path(".urbania").exists());
    project.ok(&["up"]);
    let name = &project.name;
    let pid = project.api_pid().unwrap();
    super::change_livekit(&project);
    assert_eq!(
        project.ok(&["up", "--dry-run", "mongodb", "livekit"]),
        format!(
            "ACTION    SERVICE  DETAIL\n\
             keep      mongodb  urbania-{name}-mongodb\n\
             recreate  livekit  its configuration changed\n"
        )
    );
    assert_eq!(
        project.ok(&["down", "--dry-run", "--volumes"]),
        format!(
            "ACTION  SERVICE  DETAIL\n\
             stop    api      pid {pid}\n\
             stop    livekit  urbania-{name}-livekit\n\
             remove  livekit  urbania-{name}-livekit\n\
             stop    mongodb  urbania-{name}-mongodb\n\
             remove  mongodb  urbania-{name}-mongodb\n\
             delete  mongodb  volume urbania-{name}-mongodb\n"
        )
    );
    let json: Value =
        serde_json::from_str(&project.ok(&["up", "--dry-run", "-o", "json"])).unwrap();
    assert_eq!(json["steps"][1]["action"], "recreate");
    assert_eq!(json["steps"][1]["service"], "livekit");
}

#[test]
fn up_says_where_everything_is() {
    let project = TestProject::initialised();
    let table = project.ok(&["up"]);
    let (name, ports) = (&project.name, &project.ports);
    let pid = project.api_pid().unwrap();
    let columns = |text: &str| -> Vec<Vec<String>> {
        text.lines()
            .map(|line| line.split("  ").map(str::trim).filter(|c| !c.is_empty()))
            .map(|cells| cells.map(str::to_owned).collect())
            .collect()
    };
    assert_eq!(
        columns(&table),
        [
            vec![
                "SERVICE".to_owned(),
                "STATUS".into(),
                "WHERE".into(),
                "DETAIL".into()
            ],
            vec![
                "mongodb".into(),
                "healthy".into(),
                format!("mongodb://127.0.0.1:{}", ports.mongodb()),
                format!("container urbania-{name}-mongodb"),
            ],
            vec![
                "livekit".into(),
                "healthy".into(),
                format!("ws://localhost:{}", ports.livekit()),
                format!("container urbania-{name}-livekit"),
            ],
            vec![
                "api".into(),
                "healthy".into(),
                format!("http://127.0.0.1:{}", ports.api()),
                format!("pid {pid}"),
            ],
        ]
    );
    let mongodb = format!("urbania-{name}-mongodb");
    assert_eq!(
        docker(&["port", &mongodb]),
        [format!("27017/tcp -> 127.0.0.1:{}", ports.mongodb())],
        "from this machine alone"
    );
    project.write("backend.env", "LIVEKIT_API_KEY=APIold\n");
    project.settings("backends: [backend.env]\n");
    let again = project.run(&["up", "-o", "json"]).expect(0);
    let key = project.ok(&["keys", "show", "-o", "json"]);
    let key: Value = serde_json::from_str(&key).unwrap();
    let key = key["keys"][0]["key"].as_str().unwrap();
    assert_eq!(
        again.stderr,
        format!(
            "warning: backend.env:1: LIVEKIT_API_KEY is `APIold`, livekit.yaml has `{key}`\n\
             warning: backend.env: LIVEKIT_API_SECRET is not set\n\
             hint: `urbania keys sync` writes the pair in use into the env files\n"
        )
    );
    let json: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(json["changed"], false);
    assert_eq!(json["services"][2]["detail"], format!("pid {pid}"));
}

#[test]
fn status_tells_stopped_from_broken() {
    let project = TestProject::initialised();
    let stopped = project.run(&["status"]).expect(0).stdout;
    assert_eq!(
        stopped,
        "SERVICE  STATUS   SINCE  WHERE  INSTANCE  DETAIL\n\
         mongodb  stopped\n\
         livekit  stopped\n\
         api      stopped\n\
         engine: docker\n"
    );
    project.ok(&["up"]);
    let json: Value = serde_json::from_str(&project.ok(&["status", "-o", "json"])).unwrap();
    for n in 0..3 {
        assert_eq!(json["services"][n]["health"], "healthy", "{json:#}");
        assert!(json["services"][n]["since"].is_string(), "{json:#}");
    }
    super::change_livekit(&project);
    let changed = project.ok(&["status"]);
    assert!(
        changed.contains("its configuration changed: urbania up applies it"),
        "{changed}"
    );
    project.ok(&["down", "livekit"]);
    let broken = project.run(&["status"]).expect(3);
    assert!(
        broken.stdout.contains("livekit  stopped"),
        "{}",
        broken.stdout
    );
    assert!(
        broken.stderr.contains("not everything is well"),
        "{}",
        broken.stderr
    );
}

#[test]
fn status_prints_what_a_backend_needs() {
    let project = TestProject::initialised();
    let env = project.ok(&["status", "-o", "env"]);
    assert!(env.contains(&format!(
        "LIVEKIT_URL=ws://localhost:{}\n",
        project.ports.livekit()
    )));
    assert!(!env.contains("SECRET"));
    let revealed = project.ok(&["status", "-o", "env", "--reveal"]);
    assert!(revealed.contains("LIVEKIT_API_SECRET="));
    let elsewhere = project.run(&["ports", "-o", "env"]).expect(2);
    assert!(
        elsewhere.stderr.contains("only `urbania status`"),
        "{}",
        elsewhere.stderr
    );
}

#[test]
fn logs_are_merged_and_name_their_service() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let logs = project.ok(&["logs"]);
    for mark in [
        "mongodb | ",
        "livekit | ",
        "api     | listening on http://127.0.0.1:",
    ] {
        assert!(
            logs.lines().any(|line| line.starts_with(mark)),
            "no `{mark}` in\n{logs}"
        );
    }
    let last = project.ok(&["logs", "livekit", "--tail", "1"]);
    assert_eq!(last.lines().count(), 1);
    let none = project.ok(&["logs", "--since", "0s"]);
    assert_eq!(none, "");
    let json = project.ok(&["logs", "api", "-o", "json", "-n", "1"]);
    let line: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(line["service"], "api");
}
