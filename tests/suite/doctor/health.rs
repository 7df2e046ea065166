//! Services that have ended, are ended, or complain.

use std::process::{Command, Stdio};

use super::{check, doctor, finding, findings};
use crate::support::certificates;
use crate::support::docker::docker;
use crate::support::own::Own;
use crate::support::project::TestProject;
use crate::support::until::eventually;

fn container(project: &TestProject) -> String {
    format!("urbania-{}-livekit", project.name)
}

#[test]
fn a_service_that_ends_while_others_run_is_told() {
    let project = TestProject::initialised();
    let found = findings(&doctor(&project, "health").expect(0), "health.services");
    assert_eq!(
        found,
        [("note".to_owned(), "nothing of the project runs".to_owned())]
    );
    project.ok(&["up"]);
    let run = doctor(&project, "health").expect(0);
    let works = ("ok".to_owned(), "mongodb, livekit, api work".to_owned());
    assert_eq!(findings(&run, "health.services"), [works]);
    assert_eq!(findings(&run, "health.ended"), []);

    // Somebody lets the engine start it again when it ends.
    docker(&["update", "--restart", "always", &container(&project)]);
    let pid = docker(&[
        "inspect",
        &container(&project),
        "--format",
        "{{.State.Pid}}",
    ]);
    let kill = Command::new("kill").args(["-KILL", &pid[0]]).status();
    assert!(kill.unwrap().success());
    let again = "the engine has started `livekit` again once, because it had ended";
    eventually("it runs again", || {
        let found = findings(&doctor(&project, "health"), "health.ended");
        found == [("warning".to_owned(), again.to_owned())]
    });
    docker(&["update", "--restart", "no", &container(&project)]);
    let name = container(&project);
    let status = ["inspect", &name, "--format", "{{.State.Status}}"];
    eventually("it runs", || docker(&status) == ["running"]);

    docker(&["pause", &container(&project)]);
    let found = finding(&doctor(&project, "health").expect(3), "health.ended");
    assert_eq!(found["message"], "`livekit` is paused");
    docker(&["unpause", &container(&project)]);

    docker(&["kill", &container(&project)]);
    let run = doctor(&project, "health").expect(3);
    let found = finding(&run, "health.ended");
    assert_eq!(
        found["message"],
        "`livekit` has ended by itself (exit code 137)"
    );
    assert!(
        found["evidence"][0].as_str().unwrap().starts_with("| "),
        "{found}"
    );
    let stopped = (
        "problem".to_owned(),
        "`livekit` does not run, and other services do".to_owned(),
    );
    assert!(
        findings(&run, "health.services").contains(&stopped),
        "{}",
        run.stdout
    );
}

#[test]
fn a_service_that_the_kernel_ended_for_lack_of_memory_is_told() {
    let project = TestProject::initialised();
    let label = |name: &str, value: &str| format!("io.urbania.{name}={value}");
    let dir = project.dir().display().to_string();
    // LiveKit with less memory than it needs.
    let mut args = vec![
        "run",
        "--detach",
        "--memory",
        "6m",
        "--memory-swap",
        "6m",
        "--network",
        "host",
    ];
    let name = container(&project);
    let labels = [
        label("project", &project.name),
        label("service", "livekit"),
        label("dir", &dir),
    ];
    for label in &labels {
        args.extend(["--label", label]);
    }
    let port = project.ports.livekit().to_string();
    args.extend([
        "--name",
        &name,
        "livekit/livekit-server:v1.13.5",
        "--dev",
        "--port",
        &port,
    ]);
    docker(&args);
    docker(&["wait", &name]);
    // The engine learns of the reason a little later than of the end.
    let why = "the kernel has ended `livekit` for lack of memory";
    eventually("the engine knows why", || {
        finding(&doctor(&project, "health"), "health.ended")["message"] == why
    });
    let found = finding(&doctor(&project, "health").expect(3), "health.ended");
    assert_eq!(found["verdict"], "problem");
}

#[test]
fn a_complaint_of_the_sfu_is_told_with_the_way_out() {
    let project = TestProject::initialised();
    project.ok(&["up", "livekit"]);
    assert_eq!(findings(&doctor(&project, "health"), "health.log"), []);
    project.edit("livekit.yaml", |text| {
        text + "# another pair, of somebody in a hurry\n"
    });
    project.edit("livekit.yaml", |text| {
        text.replacen("keys:\n", "keys:\n  APIhurry: short\n", 1)
    });
    project.ok(&["keys", "sync"]);
    project.ok(&["up", "livekit"]);
    eventually("the complaint is in the log", || {
        !findings(&doctor(&project, "health"), "health.log").is_empty()
    });
    let found = finding(&doctor(&project, "health"), "health.log");
    let message = found["message"].as_str().unwrap();
    assert!(
        message.starts_with("`livekit` has logged a known fault once, last at 20"),
        "{message}"
    );
    assert!(
        found["evidence"][0]
            .as_str()
            .unwrap()
            .contains("secret is too short"),
        "{found}"
    );
    assert!(
        found["fix"][0]
            .as_str()
            .unwrap()
            .ends_with("openssl rand -hex 32")
    );
}

#[test]
fn a_webhook_that_nobody_takes_is_told() {
    let project = TestProject::initialised();
    let (key, _) = super::keys::pair(&project);
    project.edit("livekit.yaml", |text| {
        text + &format!("webhook: {{api_key: {key}, urls: ['http://127.0.0.1:9/x']}}\n")
    });
    project.ok(&["up", "livekit"]);
    project.ok(&["room", "create", "daily"]);
    // LiveKit tries for 15 seconds.
    eventually("LiveKit has given up", || {
        !findings(&doctor(&project, "health"), "health.log").is_empty()
    });
    let found = finding(&doctor(&project, "health"), "health.log");
    assert_eq!(found["verdict"], "warning");
    let line = found["evidence"][0].as_str().unwrap();
    assert!(line.contains("failed to send webhook"), "{found}");
    let way = found["fix"][0].as_str().unwrap();
    assert!(way.starts_with("nobody takes room events"), "{found}");
}

#[test]
fn errors_that_nobody_knows_are_shown_without_secrets() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    let env = project.read(".env");
    let secret = env
        .lines()
        .find_map(|l| l.strip_prefix("LIVEKIT_API_SECRET="));
    let secret = secret.unwrap().to_owned();
    assert_eq!(
        findings(&doctor(&project, "health").expect(0), "health.log"),
        []
    );
    // As the API writes it; its log is a file.
    let log = project.path(".urbania/logs/api.log");
    let now = urbania::context::Clock::system().now();
    let line = format!("{now} ERROR the moon is in the way of {secret}\n");
    let before = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, before + &line).unwrap();
    let run = doctor(&project, "health").expect(0);
    let found = finding(&run, "health.log");
    assert_eq!(found["verdict"], "note");
    let message = found["message"].as_str().unwrap();
    assert!(
        message.starts_with("`api` has logged an error once, last at 20"),
        "{message}"
    );
    assert_eq!(
        found["evidence"][0],
        "| ERROR the moon is in the way of [secret]"
    );
    assert!(!run.stdout.contains(&secret));
}

fn redis(port: u16, password: &str) -> Own {
    redis_with(&["--port", &port.to_string()], password)
}

fn redis_with(more: &[&str], password: &str) -> Own {
    // However the test ends, the server does.
    let mut redis = Command::new("setpriv");
    redis.args(["--pdeathsig", "KILL", "redis-server"]);
    redis.args([
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--requirepass",
        password,
    ]);
    Own::start(redis.args(more).stdout(Stdio::null()))
}

#[test]
fn redis_is_logged_in_to_as_livekit_would() {
    const PASSWORD: &str = "a password of Redis";
    let project = TestProject::initialised();
    assert_eq!(
        findings(&doctor(&project, "health").expect(0), "health.redis"),
        []
    );
    let original = project.read("livekit.yaml");
    let port = project.ports.turn();
    let with = |password: &str| {
        let redis = format!("redis: {{address: '127.0.0.1:{port}', password: '{password}'}}\n");
        project.write("livekit.yaml", &(original.clone() + &redis));
        doctor(&project, "health")
    };
    let found = finding(&with(PASSWORD).expect(3), "health.redis");
    assert_eq!(
        found["message"],
        format!("Redis at `127.0.0.1:{port}` does not answer, and LiveKit does not start without")
    );
    assert!(
        found["evidence"][0].as_str().unwrap().contains("refused"),
        "{found}"
    );

    let _redis = redis(port, PASSWORD);
    eventually("Redis answers", || {
        check(&with(PASSWORD), "health.redis")["verdict"] == "ok"
    });
    for (password, says) in [("", "NOAUTH "), ("another of them", "WRONGPASS ")] {
        let run = with(password).expect(3);
        let found = finding(&run, "health.redis");
        let evidence = found["evidence"][0].as_str().unwrap();
        assert!(evidence.contains(says), "{evidence}");
        assert!(
            found["fix"][0].as_str().unwrap().contains("redis.password"),
            "{found}"
        );
        assert!(!run.stdout.contains("another of them"));
    }
}

#[test]
fn redis_is_asked_over_tls_with_the_authority_that_livekit_trusts() {
    const PASSWORD: &str = "a password of Redis";
    let project = TestProject::initialised();
    let certs = project.path("certs");
    std::fs::create_dir(&certs).unwrap();
    certificates::authority(&certs);
    certificates::signed(&certs, "redis");
    certificates::signed(&certs, "client");
    let port = project.ports.turn();
    let shown = certs.display();
    let tls = format!(
        "--port 0 --tls-port {port} --tls-auth-clients yes --tls-ca-cert-file {shown}/ca.pem \
         --tls-cert-file {shown}/redis.pem --tls-key-file {shown}/redis-key.pem"
    );
    let _redis = redis_with(&tls.split(' ').collect::<Vec<_>>(), PASSWORD);
    let original = project.read("livekit.yaml");
    let with = |tls: &str| {
        let redis =
            format!("redis: {{address: '127.0.0.1:{port}', password: '{PASSWORD}', {tls}}}\n");
        project.write("livekit.yaml", &(original.clone() + &redis));
        doctor(&project, "health")
    };
    let own = "client_cert_file: certs/client.pem, client_key_file: certs/client-key.pem";
    let trusted = format!("tls: {{enabled: true, ca_cert_file: certs/ca.pem, {own}}}");
    eventually("Redis answers", || {
        check(&with(&trusted), "health.redis")["verdict"] == "ok"
    });
    let named = format!(
        "tls: {{enabled: true, ca_cert_file: certs/ca.pem, {own}, server_name: other.example}}"
    );
    for (tls, says) in [
        ("use_tls: true", "shows a certificate that is not trusted"),
        (&named, "shows a certificate that is not trusted"),
        ("db: 0", "does not answer"),
    ] {
        let found = finding(&with(tls).expect(3), "health.redis");
        assert_eq!(
            found["message"],
            format!("Redis at `127.0.0.1:{port}` {says}, and LiveKit does not start without"),
            "{found}"
        );
    }
    let any = check(
        &with("tls: {enabled: true, insecure: true}"),
        "health.redis",
    );
    assert_eq!(
        any["not_looked"],
        "`redis.tls.insecure` lets any certificate pass"
    );
}
