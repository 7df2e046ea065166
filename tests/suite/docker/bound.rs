//! An SFU that is bound to some addresses alone.

use crate::support::docker::docker;
use crate::support::project::TestProject;

#[test]
fn an_sfu_is_asked_where_it_is_bound() {
    let project = TestProject::initialised();
    let yaml = |text: String| text + "\nbind_addresses: [127.0.0.2]\n";
    project.edit("livekit.yaml", yaml);
    project.ok(&["up", "livekit", "--wait-timeout", "20s"]);
    project.ok(&["keys", "sync"]);
    let checked = project.ok(&["keys", "check"]);
    let port = project.ports.livekit();
    let here = format!("the SFU at http://127.0.0.2:{port} takes tokens");
    assert!(checked.contains(&here), "{checked}");
    project.ok(&["down"]);

    project.settings("network: published\n");
    project.ok(&["up", "livekit", "--wait-timeout", "20s"]);
    let name = format!("urbania-{}-livekit", project.name);
    let signalling = format!("{port}/tcp");
    let media = format!("{}/tcp", project.ports.rtc_tcp());
    assert_eq!(
        docker(&["port", &name, &signalling]),
        [format!("127.0.0.2:{port}")]
    );
    assert_eq!(
        docker(&["port", &name, &media]),
        [format!("0.0.0.0:{}", project.ports.rtc_tcp())]
    );
}
