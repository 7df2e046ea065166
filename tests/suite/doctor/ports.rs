//! Ports that are held, given away twice, or given to anybody by the kernel.

use std::process::Command;

use super::{check, doctor, doctor_apart, finding, findings};
use crate::support::holder::Holder;
use crate::support::network::apart;
use crate::support::project::TestProject;

#[test]
fn the_holder_of_a_port_is_named_with_the_way_to_end_it() {
    let project = TestProject::initialised();
    let (port, api) = (project.ports.livekit(), project.ports.api());
    assert_eq!(
        findings(&doctor(&project, "ports").expect(0), "ports.held"),
        []
    );

    let holder = Holder::of(&[
        &format!("tcp 127.0.0.1:{port}"),
        &format!("tcp 0.0.0.0:{api}"),
    ]);
    let by = format!("`{}` (pid {}, user root)", holder.command(), holder.pid());
    let run = doctor(&project, "ports").expect(3);
    let problem = |text: String| ("problem".to_owned(), text);
    assert_eq!(
        findings(&run, "ports.held"),
        [
            problem(format!(
                "port {port}/tcp, which livekit needs for signalling, is held by {by}"
            )),
            problem(format!(
                "port {api}/tcp, which api needs for token API, is held by {by}"
            )),
        ]
    );
    assert_eq!(
        run.stderr,
        "error: 2 problems: ports.held\n\
         hint: urbania doctor --explain ports.held   says more\n"
    );

    let run = project.run(&["doctor", "--only", "ports"]).expect(3);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "ports    problem".to_owned(),
            format!(
                "         problem  port {port}/tcp, which livekit needs for signalling, is held by {by}  \
                 ports.held"
            ),
            format!("                  fix: end it: `urbania ports {port} --stop`"),
        ]
    );
}

#[test]
fn a_healthy_group_is_one_line() {
    let project = TestProject::initialised();
    // Its ports are below those that the kernel gives away.
    let run = project.run(&["doctor", "--only", "ports"]).expect(0);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("ports    ok       3 checks\n", "")
    );
}

#[test]
fn one_port_for_two_purposes_is_told() {
    let project = TestProject::initialised();
    let (first, last) = project.ports.udp_range();
    let turn = format!(
        "turn: {{enabled: true, udp_port: {first}, relay_range_start: {last}, relay_range_end: {}}}\n",
        last + 9
    );
    project.edit("livekit.yaml", |text| text + &turn);
    let run = doctor(&project, "ports").expect(3);
    assert_eq!(
        findings(&run, "ports.overlap"),
        [
            (
                "problem".to_owned(),
                format!("{first}/udp is for media and for TURN")
            ),
            (
                "warning".to_owned(),
                format!("{last}/udp is for media and for TURN's relays")
            ),
        ]
    );
}

/// The kernel of this network gives away the ports of the tests.
const GIVEN_AWAY: &str = "sysctl -qw net.ipv4.ip_local_port_range='20000 40000'";

#[test]
fn ports_that_the_kernel_gives_away_are_told() {
    let project = TestProject::initialised();
    assert_eq!(
        findings(
            &doctor_apart(&project, "ports", &[]).expect(0),
            "ports.ephemeral"
        ),
        []
    );

    let run = doctor_apart(&project, "ports", &[GIVEN_AWAY]).expect(0);
    let found = finding(&run, "ports.ephemeral");
    assert_eq!(found["verdict"], "warning");
    assert_eq!(
        found["message"],
        "ports of the project are among 20000-40000, which the kernel gives to any socket"
    );
    let (first, last) = project.ports.udp_range();
    let evidence = found["evidence"].as_array().unwrap();
    assert!(evidence.contains(&format!("{first}-{last}/udp: livekit, for media").into()));
    assert_eq!(found["mendable"], true);

    // The range alone: LiveKit takes another port of it.
    let only_range = format!(
        "sysctl -qw net.ipv4.ip_local_port_range='{} 40000'",
        first - 1
    );
    let run = doctor_apart(&project, "ports", &[&only_range]).expect(0);
    assert_eq!(finding(&run, "ports.ephemeral")["verdict"], "note");
}

#[test]
fn ports_that_the_kernel_gives_away_are_reserved_by_fix() {
    let project = TestProject::initialised();
    let script = format!(
        "mount -t tmpfs none /etc/sysctl.d\n{GIVEN_AWAY}\n\
         sysctl -qw net.ipv4.ip_local_reserved_ports=39000\n\"$@\" >&2\n\
         cat /etc/sysctl.d/60-urbania.conf /proc/sys/net/ipv4/ip_local_reserved_ports"
    );
    let fix = project.command(&["doctor", "--only", "ports", "--fix", "--yes"]);
    let output = apart(&fix, &[&script, "shift $#", "set -- true"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let talk = String::from_utf8(output.stderr).unwrap();
    let (plan, report) = talk.split_once("ports    ").unwrap();
    assert_eq!(report, "ok       3 checks\n");
    let (first, last) = (project.ports.livekit(), project.ports.api());
    let (from, to) = project.ports.udp_range();
    let ports = format!("{first}-{last},{from}-{to},39000");
    assert_eq!(
        plan,
        format!(
            "this will be done:\n  1. set net.ipv4.ip_local_reserved_ports = {ports}, now and in \
             /etc/sysctl.d/60-urbania.conf\n"
        )
    );
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("net.ipv4.ip_local_reserved_ports = {ports}\n{ports}\n")
    );
}

#[test]
fn nothing_is_mended_without_a_yes() {
    let project = TestProject::initialised();
    let asked = project.command(&["doctor", "--only", "ports", "--fix"]);
    let mut asked: Command = apart(&asked, &[GIVEN_AWAY]);
    let output = asked.stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let talk = String::from_utf8(output.stderr).unwrap();
    let (_, end) = talk.split_once("sysctl.d/60-urbania.conf\n").unwrap();
    assert_eq!(
        end,
        "error: nobody is here to be asked\nhint: mend without asking: add `--yes`\n"
    );
    let nothing = project
        .run(&["doctor", "--only", "ports", "--fix"])
        .expect(0);
    assert_eq!(nothing.stderr, "nothing that can be mended from here\n");
}

#[test]
fn without_a_project_there_is_nothing_to_look_at() {
    let folder = crate::config::Folder::with(&[]);
    let run = folder
        .run(&["doctor", "--only", "ports", "-o", "json"])
        .expect(0);
    let held = check(&run, "ports.held");
    assert_eq!(
        held["not_looked"],
        "there is no project whose files can be read"
    );
    let run = folder.run(&["doctor", "--project", "nowhere"]).expect(2);
    assert!(
        run.stderr
            .starts_with("error: `nowhere` has no urbania.yaml"),
        "{}",
        run.stderr
    );
}
