//! Machines that are late, small, old or closed.

use std::process::Command;

use super::{doctor, finding, findings};
use crate::support::network::mounted;
use crate::support::project::{Run, TestProject};

const ARGS: [&str; 5] = ["doctor", "--only", "machine", "-o", "json"];

/// The same where these lines of a shell have changed what is seen of the machine.
fn doctor_mounted(project: &TestProject, lines: &[&str]) -> Run {
    let mut command = mounted(&project.command(&ARGS), lines);
    Run::of(&ARGS, &command.output().unwrap())
}

#[test]
fn a_clock_that_is_not_the_sfus_is_told() {
    let project = TestProject::initialised();
    project.ok(&["up", "livekit"]);
    assert_eq!(
        findings(&doctor(&project, "machine").expect(0), "machine.clock"),
        []
    );
    let early = super::at("+10min", &project.command(&ARGS))
        .output()
        .unwrap();
    let found = finding(&Run::of(&ARGS, &early).expect(3), "machine.clock");
    let message = found["message"].as_str().unwrap();
    assert!(message.starts_with("the SFU's clock is "), "{message}");
    assert!(message.ends_with(" s behind this machine's"), "{message}");

    // The SFU refuses the pair for that, and another pair would not help.
    let args = ["doctor", "--only", "keys", "-o", "json"];
    for (offset, clock) in [("+10min", "behind"), ("-10min", "ahead of")] {
        let off = super::at(offset, &project.command(&args)).output().unwrap();
        let found = super::keys::refused_pair(&Run::of(&args, &off).expect(3));
        let evidence = found["evidence"].as_array().unwrap();
        let says = format!(" s {clock} this machine's");
        assert!(evidence[1].as_str().unwrap().ends_with(&says), "{found}");
        assert_eq!(
            found["fix"],
            serde_json::json!([
                "the pair is not the matter, the clocks are: `urbania doctor --explain machine.clock`"
            ])
        );
    }
}

#[test]
fn few_processors_and_little_memory_are_told() {
    let project = TestProject::initialised();
    assert_eq!(
        findings(&doctor(&project, "machine").expect(0), "machine.capacity"),
        []
    );
    let mut one = Command::new("taskset");
    let command = project.command(&ARGS);
    one.args(["-c", "0"])
        .arg(command.get_program())
        .args(ARGS)
        .current_dir(project.dir());
    let found = finding(
        &Run::of(&ARGS, &one.output().unwrap()).expect(0),
        "machine.capacity",
    );
    assert_eq!(
        found["message"],
        "room.max_participants is 100, and there is 1 processor"
    );

    let full = [
        "sed 's/^MemAvailable:.*/MemAvailable: 204800 kB/' /proc/meminfo >meminfo",
        "mount --bind meminfo /proc/meminfo",
    ];
    let found = finding(
        &doctor_mounted(&project, &full).expect(0),
        "machine.capacity",
    );
    assert_eq!(found["message"], "200 MiB of memory are free");
}

#[test]
fn a_processor_without_avx_is_told_where_mongodb_needs_it() {
    let project = TestProject::initialised();
    let old = [
        "sed 's/ avx[^ ]*//g' /proc/cpuinfo >cpuinfo",
        "mount --bind cpuinfo /proc/cpuinfo",
    ];
    let found = finding(&doctor_mounted(&project, &old).expect(3), "machine.avx");
    assert_eq!(
        found["message"],
        "this processor has no AVX, which `mongo:8.0` needs"
    );
    project.settings("images: {mongodb: 'mongo:4.4'}\n");
    assert_eq!(
        findings(&doctor_mounted(&project, &old).expect(0), "machine.avx"),
        []
    );
}

#[test]
fn a_low_limit_of_open_files_is_told() {
    let project = TestProject::initialised();
    assert_eq!(
        findings(&doctor(&project, "machine").expect(0), "machine.open-files"),
        []
    );
    let run = doctor_mounted(&project, &["ulimit -n 200"]);
    let found = finding(&run.expect(0), "machine.open-files");
    assert_eq!(
        found["message"],
        "processes of this shell may open 200 files"
    );
}

#[test]
fn the_buffer_for_udp_is_judged_as_livekit_judges_it() {
    let project = TestProject::initialised();
    project.ok(&["up", "livekit"]);
    let name = format!("urbania-{}-livekit", project.name);
    let log = Command::new("docker")
        .args(["logs", &name])
        .output()
        .unwrap();
    let log = [log.stdout, log.stderr].concat();
    let livekit_warns = String::from_utf8_lossy(&log).contains("UDP receive buffer is too small");
    let found = findings(&doctor(&project, "machine").expect(0), "machine.udp-buffer");
    assert_eq!(!found.is_empty(), livekit_warns, "{found:?}");
}

#[test]
fn a_small_buffer_for_udp_is_told_and_mended() {
    let project = TestProject::initialised();
    // The kernel has one limit for all networks. It is small for three looks, and what it was when the shell
    // ends, however the test does.
    let small = [
        "mount -t tmpfs none /etc/sysctl.d",
        "limit=/proc/sys/net/core/rmem_max",
        "was=$(cat $limit)",
        "trap 'echo $was >$limit' EXIT",
        "echo 212992 >$limit",
        "\"$@\" >before",
        "\"$@\" --fix --yes >after",
        "cp /etc/sysctl.d/60-urbania.conf kept",
        "trap - EXIT; echo $was >$limit",
        "set -- true",
    ];
    let output = mounted(&project.command(&ARGS), &small).output().unwrap();
    let fixed = Run::of(&ARGS, &output).expect(0);
    let told = "set net.core.rmem_max = 5000000, now and in /etc/sysctl.d/60-urbania.conf\n";
    assert!(fixed.stderr.contains(told), "{}", fixed.stderr);
    let of = |name: &str| Run {
        args: String::new(),
        code: Some(0),
        stdout: project.read(name),
        stderr: String::new(),
    };
    let found = finding(&of("before"), "machine.udp-buffer");
    assert_eq!(
        found["message"],
        "a UDP socket gets a receive buffer of 425984 bytes; LiveKit asks for 5000000"
    );
    assert_eq!(findings(&of("after"), "machine.udp-buffer"), []);
    assert_eq!(project.read("kept"), "net.core.rmem_max = 5000000\n");
}

#[test]
fn localhost_is_told_where_the_sfu_is_not() {
    let project = TestProject::initialised();
    project.ok(&["up", "livekit"]);
    let hosts = [
        "printf '127.0.0.1 localhost\\n::1 localhost\\n' >hosts",
        "mount --bind hosts /etc/hosts",
    ];
    assert_eq!(
        findings(
            &doctor_mounted(&project, &hosts).expect(0),
            "machine.localhost"
        ),
        []
    );
    project.edit("livekit.yaml", |text| {
        text + "bind_addresses: [127.0.0.1]\n"
    });
    project.ok(&["up", "livekit"]);
    let found = finding(
        &doctor_mounted(&project, &hosts).expect(0),
        "machine.localhost",
    );
    assert_eq!(
        found["message"],
        "`localhost` is ::1 too, and the SFU is at 127.0.0.1 alone"
    );
}
