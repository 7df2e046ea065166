//! No secret where others can read it: not on the engine, not in processes, not in what is said.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::docker::{containers, docker, volumes};
use crate::support::project::TestProject;

const PASSWORD: &str = "correct horse battery staple of ada";

/// The real values, each with what it is.
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn of(project: &TestProject) -> Self {
        let livekit = project.read("livekit.yaml");
        let lines = livekit.lines().skip_while(|line| *line != "keys:").skip(1);
        let mut found: Vec<(String, String)> = lines
            .map_while(|line| line.strip_prefix("  "))
            .filter_map(|line| line.split_once(": "))
            .map(|(key, secret)| (format!("the secret of {key}"), secret.to_owned()))
            .collect();
        assert_eq!(found.len(), 2, "a pair in use and one in reserve");
        let env = project.read(".env");
        let value = |name: &str| {
            let mut lines = env.lines();
            lines.find_map(|line| line.strip_prefix(name)).unwrap()
        };
        let uri = value("MONGODB_URI=mongodb://urbania:");
        let (password, _) = uri.split_once('@').unwrap();
        found.extend([
            ("MongoDB's password".to_owned(), password.to_owned()),
            (
                "the session secret".to_owned(),
                value("URBANIA_SESSION_SECRET=").to_owned(),
            ),
            ("ada's password".to_owned(), PASSWORD.to_owned()),
        ]);
        assert!(
            found.iter().all(|(_, secret)| secret.len() >= 20),
            "real values"
        );
        Self(found)
    }

    #[track_caller]
    fn are_not_in(&self, place: &str, text: &[u8]) {
        for (what, secret) in &self.0 {
            let found = text
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(
                !found,
                "{what} is in {place}:\n{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    /// Runs a command, whatever comes of it, in the way that says most.
    #[track_caller]
    fn are_not_told_by(&self, project: &TestProject, args: &[&str], env: &[(&str, &str)]) {
        let mut command = project.command(args);
        let output = command
            .arg("-vv")
            .envs(env.iter().copied())
            .output()
            .unwrap();
        let told = [output.stdout, output.stderr].concat();
        self.are_not_in(&format!("what `urbania {}` says", args.join(" ")), &told);
    }
}

/// What shows something of the project, or fails over it.
const COMMANDS: [&[&str]; 38] = [
    &["up"],
    &["up", "-o", "json"],
    &["up", "--dry-run"],
    &["status"],
    &["status", "-o", "json"],
    &["status", "-o", "env"],
    &["status", "--all"],
    &["logs"],
    &["config", "show"],
    &["config", "show", "-o", "json"],
    &["config", "validate"],
    &["keys", "show"],
    &["keys", "show", "-o", "json"],
    &["keys", "check"],
    &["keys", "check", "-o", "json"],
    &["keys", "sync"],
    &["keys", "rotate", "--dry-run"],
    &["keys", "rotate", "--status", "-o", "json"],
    &["doctor"],
    &["doctor", "--only", "keys", "-o", "json"],
    &["seed", "seed.yaml"],
    &["seed", "seed.yaml", "-o", "json"],
    &["room", "create", "daily"],
    &["room", "list"],
    &["room", "get", "nowhere"],
    &["room", "participants", "daily", "-o", "json"],
    &["room", "delete", "daily", "--yes"],
    &["user", "list"],
    &["user", "add", "ada"],
    &["token", "create", "--room", "r", "--identity", "i"],
    &["token", "inspect", "no token"],
    &["ports"],
    &["ports", "--free", "--dry-run"],
    &["serve"],
    &["restart", "api"],
    &["keys", "rotate", "--yes"],
    &["init"],
    &["down", "--dry-run"],
];

#[tokio::test]
async fn no_secret_is_on_the_engine_in_processes_in_logs_or_in_what_is_said() {
    let project = TestProject::initialised();
    let secrets = Secrets::of(&project);
    secrets.are_not_told_by(&project, &["up"], &[]);
    project.add_user("ada", PASSWORD);
    let seed = format!("users: [{{name: grace, password: {PASSWORD}}}]\n");
    project.write("seed.yaml", &seed);
    for args in COMMANDS {
        secrets.are_not_told_by(&project, args, &[]);
    }
    log_in(&project, PASSWORD).await;
    log_in(&project, &format!("{PASSWORD}, mistyped")).await;

    for container in containers(&project.name) {
        secrets.are_not_in(
            &format!("docker inspect {container}"),
            docker(&["inspect", &container]).concat().as_bytes(),
        );
        let log = Command::new("docker").args(["logs", &container]).output();
        let log = log.unwrap();
        secrets.are_not_in(
            &format!("docker logs {container}"),
            &[log.stdout, log.stderr].concat(),
        );
    }
    for volume in volumes(&project.name) {
        let inspected = docker(&["volume", "inspect", &volume]).concat();
        secrets.are_not_in(&format!("volume {volume}"), inspected.as_bytes());
    }
    are_not_in_processes(&secrets);
    are_not_in_state(&secrets, &project.path(".urbania"));
    for file in ["livekit.yaml", ".env"] {
        assert_eq!(mode(&project.path(file)), 0o600, "{file}");
    }
}

#[test]
fn no_secret_is_in_the_words_of_what_fails() {
    let project = TestProject::initialised();
    let secrets = Secrets::of(&project);
    let [livekit, env] = ["livekit.yaml", ".env"].map(|file| project.read(file));
    let broken_livekit: [fn(&str) -> String; 7] = [
        |text| text.replace("  API", "\tAPI"),
        |text| text.replace("  API", "  - API"),
        |text| text.replacen("  API", "  API: {API", 1),
        |text| text.replace("keys:", "kyes:"),
        |text| text.replace(": ", ":"),
        |text| text.replace("keys:\n  ", "keys: "),
        |text| {
            let secret = text.split_once("  API").unwrap().1;
            let secret = secret.split([' ', '\n']).nth(1).unwrap();
            format!("{text}webhook: {{api_key: {secret}, urls: ['http://127.0.0.1:1']}}\n")
        },
    ];
    for broken in broken_livekit {
        project.write("livekit.yaml", &broken(&livekit));
        for args in [
            &["up"][..],
            &["config", "validate"],
            &["config", "show"],
            &["keys", "show"],
        ] {
            secrets.are_not_told_by(&project, args, &[]);
        }
    }
    project.write("livekit.yaml", &livekit);
    let broken_env: [fn(&str) -> String; 4] = [
        |text| text.replace("mongodb://", "mongdb://"),
        |text| text.replace("@127.0.0.1", "@127.0.0.1:x"),
        |text| text.replace("@127.0.0.1", "@192.0.2.1"),
        |text| {
            text.replace('=', " = \"")
                .replace("URBANIA_SESSION_SECRET", "'")
        },
    ];
    for broken in broken_env {
        project.write(".env", &broken(&env));
        for args in [
            &["up"][..],
            &["user", "list"],
            &["serve"],
            &["keys", "check"],
        ] {
            secrets.are_not_told_by(&project, args, &[("URBANIA_API_LISTEN", "192.0.2.1:1")]);
        }
    }
    project.write(".env", &env);
    for broken in ["pasword: ", "password: \""] {
        let seed = format!("users: [{{name: grace, {broken}{PASSWORD}}}]\n");
        project.write("seed.yaml", &seed);
        secrets.are_not_told_by(&project, &["seed", "seed.yaml"], &[]);
    }
    // What the SFU says when it does not start is quoted.
    project.write(
        "livekit.yaml",
        &format!("{livekit}redis: {{address: '127.0.0.1:1'}}\n"),
    );
    secrets.are_not_told_by(&project, &["up"], &[]);
    secrets.are_not_told_by(&project, &["up"], &[("DOCKER_HOST", "unix:///nowhere")]);
}

async fn log_in(project: &TestProject, password: &str) {
    let body = serde_json::json!({"username": "ada", "password": password});
    let login = format!("{}/api/auth/login", project.api());
    let client = urbania::http::plain(std::time::Duration::from_secs(30)).unwrap();
    client.post(login).json(&body).send().await.unwrap();
}

/// Arguments can be read by everybody, the environment by the same user.
fn are_not_in_processes(secrets: &Secrets) {
    for process in fs::read_dir("/proc").unwrap().map_while(Result::ok) {
        let read = |file: &str| fs::read(process.path().join(file)).unwrap_or_default();
        let arguments = read("cmdline");
        let name = String::from_utf8_lossy(&arguments).replace('\0', " ");
        secrets.are_not_in(&format!("the arguments of {name}"), &arguments);
        // MongoDB's own entrypoint hands the password on to what makes its first user.
        if name.trim() != "mongod" {
            let place = format!("the environment of {name}");
            secrets.are_not_in(&place, &read("environ"));
        }
    }
}

/// Files of the state folder: no secret inside, and nobody else reads them.
fn are_not_in_state(secrets: &Secrets, folder: &Path) {
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            are_not_in_state(secrets, &path);
            continue;
        }
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let place = path.display().to_string();
        secrets.are_not_in(&place, &fs::read(&path).unwrap());
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
