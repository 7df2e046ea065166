//! A rotation on a laptop, of an SFU whose engine is on a server.

use serde_json::Value;

use super::{let_tokens_be_over_in, sfu};
use crate::support::engine_elsewhere::Laptop;
use crate::support::project::TestProject;

#[test]
fn the_sfu_of_a_server_is_asked_there_and_starts_again_there() {
    let (project, laptop) = (TestProject::initialised(), Laptop::new());
    let port = project.ports.livekit();
    project.settings(&format!("livekit_url: ws://{}:{port}\n", laptop.server));
    let ok = |args: &[&str]| laptop.run(&project, args).expect(0).stdout;
    ok(&["keys", "sync"]);
    ok(&["up", "livekit"]);
    let status = || -> Value {
        let text = ok(&["keys", "rotate", "--status", "-o", "json"]);
        serde_json::from_str(&text).unwrap()
    };
    let before = (status(), sfu(&project));
    let url = format!("http://{}:{port}", laptop.server);
    assert_eq!(before.0["sfu"]["url"], url.as_str());
    assert_eq!(before.0["sfu"]["state"], "knows");

    ok(&["keys", "rotate"]);
    assert_eq!(sfu(&project), before.1, "it goes on");
    assert_eq!(status()["in_use"], before.0["reserve"]);
    let_tokens_be_over_in(&project, &status());
    ok(&["keys", "rotate", "--finish"]);
    let after = status();
    assert_ne!(sfu(&project), before.1);
    assert_eq!(
        (&after["stage"], &after["sfu"]["state"]),
        (&"ready".into(), &"knows".into())
    );
    let checked = ok(&["keys", "check"]);
    assert!(
        checked.contains(&format!("the SFU at {url} takes tokens of")),
        "{checked}"
    );
}
