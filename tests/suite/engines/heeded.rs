//! What of `livekit.yaml` makes no difference to the embedded SFU.

use serde_json::Value;

use super::nothing_is_left;
use crate::support::engine::Engine;
use crate::support::project::TestProject;

#[test]
fn up_names_it_and_nothing_is_asked_of_it() {
    let project = TestProject::initialised_on(Engine::Embedded);
    let quiet = project.run(&["up"]).expect(0);
    assert!(!quiet.stderr.contains("warning"), "{}", quiet.stderr);
    let turn = project.ports.turn();
    project.edit("livekit.yaml", |text| {
        let more = format!(
            "redis: {{address: '127.0.0.1:1'}}\n\
             turn: {{enabled: true, udp_port: {turn}}}\n\
             prometheus_port: {turn}\n"
        );
        // Its own `rtc:` stays.
        text.replace(
            "rtc:\n",
            "rtc:\n  use_external_ip: true\n  stun_servers: ['127.0.0.1:1']\n",
        ) + &more
    });
    let up = project.run(&["up"]).expect(0);
    let told = "warning: livekit.yaml: the embedded SFU does not heed rtc.use_external_ip, rtc.stun_servers, redis, \
                turn, prometheus_port\n";
    assert!(up.stderr.contains(told), "{}", up.stderr);
    let validate = project.run(&["config", "validate"]).expect(0);
    assert!(validate.stderr.contains(told), "{}", validate.stderr);

    let doctor = project.run(&["doctor", "-o", "json"]).expect(0).stdout;
    let doctor: Value = serde_json::from_str(&doctor).unwrap();
    for group in doctor["groups"].as_array().unwrap() {
        for check in group["checks"].as_array().unwrap() {
            assert_ne!(check["verdict"], "problem", "{check}");
            let code = check["code"].as_str().unwrap();
            if ["health.redis", "address.stun", "ice.turn"].contains(&code) {
                assert_eq!(check["not_looked"], "the embedded SFU does not heed it");
            }
        }
    }
    let ports = project.run(&["ports"]).expect(0).stdout;
    assert!(!ports.contains(&turn.to_string()), "{ports}");
    project.ok(&["down"]);
    nothing_is_left(&project);
}
