//! `urbania user`, `token` and `serve` as programs.

use std::io::{BufRead, BufReader, Lines, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::api::livekit_claims_with;

const URBANIA: &str = env!("CARGO_BIN_EXE_urbania");
const SECRET: &str = "a livekit secret of thirty-two letters";

/// A project without MongoDB.
fn project() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "urbania.yaml",
        "services: {mongodb: {enabled: false}}\napi: {listen: \"127.0.0.1:0\"}\n",
    );
    write(
        "livekit.yaml",
        &format!("port: 7880\nkeys: {{APItest: {SECRET}}}\n"),
    );
    write(
        ".env",
        "URBANIA_SESSION_SECRET=a session secret of thirty-two letters\n",
    );
    dir
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(URBANIA);
    command
        .args(args)
        .current_dir(dir)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(dir: &Path, args: &[&str], stdin: &str) -> Output {
    let mut child = command(dir, args).spawn().unwrap();
    // A command that fails early does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn show(output: &Output) -> String {
    format!(
        "exit {}\n{}{}",
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", show(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn users_are_added_listed_changed_and_removed() {
    let project = project();
    let run = |args: &[&str], stdin: &str| run(project.path(), args, stdin);
    assert_snapshot!(show(&run(&["user", "list"], "")), @r"
    exit 0
    no users yet; `urbania user add NAME` adds one
    ");
    let added = json(&run(
        &[
            "user",
            "add",
            "ada",
            "--role",
            "admin",
            "--password-stdin",
            "-o",
            "json",
        ],
        "secret\n",
    ));
    insta::assert_json_snapshot!(added, { ".id" => "[id]", ".created_at" => "[now]" }, @r#"
    {
      "id": "[id]",
      "username": "ada",
      "roles": [
        "admin"
      ],
      "created_at": "[now]"
    }
    "#);
    let generated = run(&["user", "add", "grace", "-q"], "");
    assert_eq!(String::from_utf8_lossy(&generated.stdout).trim().len(), 20);
    let listed = json(&run(&["user", "list", "-o", "json"], ""));
    assert_eq!(listed[0], added);
    assert_eq!(listed[1]["username"], "grace");
    assert_snapshot!(show(&run(&["user", "passwd", "ada", "--password-stdin"], "new\n")), @r"
    exit 0
    changed the password of `ada`
    ");
    assert_snapshot!(show(&run(&["user", "rm", "ada"], "y\n")), @r"
    exit 2
    error: removing `ada` cannot be undone, and nobody is here to be asked
    hint: --yes removes without asking
    ");
    assert_snapshot!(show(&run(&["user", "rm", "ada", "--yes"], "")), @r"
    exit 0
    removed user `ada`
    ");
}

#[test]
fn a_project_that_is_served_without_a_livekit_file_has_users_and_tokens_too() {
    let project = project();
    let dir = project.path();
    let seed = "users: [{name: bob, password: correct horse battery staple}]\n";
    std::fs::write(dir.join("seed.yaml"), seed).unwrap();
    let token = [
        "token",
        "create",
        "--room",
        "daily",
        "--identity",
        "ada",
        "-q",
    ];
    for livekit in [Some("keys: {}\n"), None] {
        let file = dir.join("livekit.yaml");
        match livekit {
            Some(text) => std::fs::write(file, text).unwrap(),
            None => std::fs::remove_file(file).unwrap(),
        }
        for args in [&["seed", "seed.yaml"][..], &["user", "list"]] {
            let ran = run(dir, args, "");
            assert!(ran.status.success(), "{}", show(&ran));
            assert!(show(&ran).contains("bob"), "{}", show(&ran));
        }
        for args in [&token[..], &["room", "list"]] {
            assert_eq!(
                show(&run(dir, args, "")),
                "exit 2\n\
                 error: no key pair: neither `keys` of livekit.yaml nor LIVEKIT_API_KEY and \
                 LIVEKIT_API_SECRET are there\n\
                 hint: urbania init --missing\n"
            );
        }
        let mut with_pair = command(dir, &token);
        with_pair.envs([
            ("LIVEKIT_API_KEY", "APItest"),
            ("LIVEKIT_API_SECRET", SECRET),
        ]);
        let token = with_pair.output().unwrap();
        assert!(token.status.success(), "{}", show(&token));
        let token = String::from_utf8(token.stdout).unwrap();
        assert_eq!(livekit_claims_with(SECRET, token.trim())["sub"], "ada");
    }
}

#[test]
fn what_cannot_be_done_with_users_is_said() {
    let project = project();
    let run = |args: &[&str], stdin: &str| show(&run(project.path(), args, stdin));
    run(&["user", "add", "ada"], "");
    assert_snapshot!(run(&["user", "add", "ada"], ""), @r"
    exit 1
    error: there is a user `ada` already
    hint: urbania user passwd ada   changes the password
    ");
    assert_snapshot!(run(&["user", "rm", "bob"], ""), @r"
    exit 1
    error: there is no user `bob`
    hint: urbania user list
    ");
    assert_snapshot!(run(&["user", "add", "bob ", "--password-stdin"], "x"), @r"
    exit 2
    error: `bob ` cannot be a user's name
    hint: 1 to 256 characters, no space at the ends
    ");
    assert_snapshot!(run(&["user", "add", "bob", "--role", "a b"], ""), @r"
    exit 2
    error: `a b` cannot be a role
    hint: a role is one word; give --role again for each
    ");
    assert_snapshot!(run(&["user", "add", "bob", "--password-stdin"], "\n"), @r"
    exit 2
    error: the password on stdin is empty
    ");
}

#[test]
fn a_database_that_is_down_is_said_with_the_way_out() {
    let project = project();
    std::fs::write(project.path().join("urbania.yaml"), "name: test\n").unwrap();
    let env = "MONGODB_URI=mongodb://u:very-secret@127.0.0.1:1/urbania\n";
    std::fs::write(project.path().join(".env"), env).unwrap();
    let text = show(&run(project.path(), &["user", "list"], ""));
    assert!(
        text.starts_with("exit 1\nerror: cannot reach the users\n"),
        "{text}"
    );
    assert!(text.ends_with("hint: urbania up\n"), "{text}");
    assert!(!text.contains("very-secret"), "{text}");
}

#[test]
fn a_created_token_has_what_was_asked_for() {
    let project = project();
    let plain = run(
        project.path(),
        &[
            "token",
            "create",
            "--room",
            "daily",
            "--identity",
            "ada",
            "-q",
        ],
        "",
    );
    let token = String::from_utf8(plain.stdout).unwrap();
    assert_eq!(
        livekit_claims_with(SECRET, token.trim())["video"]["room"],
        "daily"
    );
    let full = json(&run(
        project.path(),
        &[
            "token",
            "create",
            "--room",
            "daily",
            "--identity",
            "ada",
            "--name",
            "Ada L.",
            "--ttl",
            "90m",
            "--no-subscribe",
            "--no-data",
            "--source",
            "microphone",
            "--source",
            "screen_share",
            "--admin",
            "--hidden",
            "--metadata",
            "{}",
            "--attribute",
            "k=v=w",
            "-o",
            "json",
        ],
        "",
    ));
    let claims = livekit_claims_with(SECRET, full["token"].as_str().unwrap());
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap(),
        5400
    );
    insta::assert_json_snapshot!(claims, {
        ".nbf" => "[now]", ".exp" => "[later]", ".jti" => "[id]",
    }, @r#"
    {
      "iss": "APItest",
      "sub": "ada",
      "nbf": "[now]",
      "exp": "[later]",
      "jti": "[id]",
      "name": "Ada L.",
      "video": {
        "room": "daily",
        "roomJoin": true,
        "canPublish": true,
        "canSubscribe": false,
        "canPublishData": false,
        "canPublishSources": [
          "microphone",
          "screen_share"
        ],
        "roomAdmin": true,
        "hidden": true
      },
      "metadata": "{}",
      "attributes": {
        "k": "v=w"
      }
    }
    "#);
    insta::assert_json_snapshot!(full, { ".token" => "[token]", ".expires_at" => "[later]" }, @r#"
    {
      "token": "[token]",
      "url": "ws://localhost:7880",
      "identity": "ada",
      "room": "daily",
      "expires_at": "[later]"
    }
    "#);
}

#[test]
fn a_token_is_explained_inside_and_outside_its_project() {
    let project = project();
    let create = [
        "token",
        "create",
        "--room",
        "daily",
        "--identity",
        "ada",
        "-q",
    ];
    let token = run(project.path(), &create, "").stdout;
    let token = String::from_utf8(token).unwrap();
    let signature = token.trim().rsplit('.').next().unwrap();
    let shown = |output: &Output| {
        let text = show(output);
        assert!(!text.contains(signature), "{text}");
        // Times differ from run to run.
        text.lines()
            .filter(|line| !line.starts_with("from") && !line.starts_with("until"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let inside = run(project.path(), &["token", "inspect", "-"], &token);
    assert_snapshot!(shown(&inside), @r"
    exit 0
    algorithm  HS256
    key        APItest (a key of this project)
    signature  valid
    identity   ada
    grants     may join room `daily`
               may publish from any source
               may subscribe to the others
               may send data
    verdict    valid
    ");
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = run(elsewhere.path(), &["token", "inspect", token.trim()], "");
    assert_snapshot!(shown(&outside), @r"
    exit 0
    algorithm  HS256
    key        APItest
    signature  not checked (no project here)
    identity   ada
    grants     may join room `daily`
               may publish from any source
               may subscribe to the others
               may send data
    verdict    valid
    ");
    let stranger = self::project();
    let keys = "keys: {APIother: another livekit secret of thirty letters}\n";
    std::fs::write(stranger.path().join("livekit.yaml"), keys).unwrap();
    let wrong = run(
        stranger.path(),
        &["token", "inspect", token.trim(), "-o", "json"],
        "",
    );
    assert_eq!(wrong.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&wrong.stdout).unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(
        report["problems"][0],
        "its key `APItest` is not in livekit.yaml"
    );
    assert!(!String::from_utf8_lossy(&wrong.stdout).contains(signature));
    assert_snapshot!(show(&run(elsewhere.path(), &["token", "inspect", "a.b"], "")), @r"
    exit 3
    error: cannot read the token
      cause: not a JSON Web Token
    hint: a token has three parts with dots between, and this has two: its end is missing
    ");
}

/// Starts `urbania serve`; returns the process, its further lines on stderr and its address.
fn serve(project: &Path) -> (Child, Lines<BufReader<ChildStderr>>, String) {
    let mut child = command(project, &["serve", "--log-format", "json"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let base = first.strip_prefix("listening on ").expect("an address");
    (child, lines, base.to_owned())
}

#[test]
fn logins_give_their_memory_back() {
    let project = project();
    let (mut child, lines, base) = serve(project.path());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let logins: Vec<_> = (0..8)
            .map(|n| {
                let login = urbania::http::plain(Duration::from_secs(30))
                    .unwrap()
                    .post(format!("{base}/api/auth/login"))
                    .body(format!(r#"{{"username": "user{n}", "password": "wrong"}}"#));
                tokio::spawn(login.send())
            })
            .collect();
        for login in logins {
            assert_eq!(login.await.unwrap().unwrap().status(), 401);
        }
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(lines);
    assert!(kib < 12 * 1024, "{kib} KiB after 8 hashes of 19 MiB");
}

#[test]
fn serve_listens_answers_and_ends_when_told() {
    let project = project();
    let (mut child, lines, base) = serve(project.path());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let answer = urbania::http::plain(Duration::from_secs(30))
            .unwrap()
            .get(format!("{base}/healthz"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    });
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let access = rest.find(|line| line["kind"] == "access").unwrap();
    insta::assert_json_snapshot!(access, { ".time" => "[now]", ".ms" => "[ms]" }, @r#"
    {
      "time": "[now]",
      "kind": "access",
      "method": "GET",
      "path": "/healthz",
      "status": 200,
      "ms": "[ms]"
    }
    "#);
}

#[test]
fn serve_refuses_a_port_that_is_taken_and_a_project_without_secrets() {
    let project = project();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let port = holder.local_addr().unwrap().port().to_string();
    let taken = show(&run(project.path(), &["serve", "--listen", &address], ""));
    assert_snapshot!(taken.replace(&port, "PORT"), @r"
    exit 3
    error: port PORT is taken: cannot listen on `127.0.0.1:PORT`
    hint: urbania ports PORT   shows who holds it
    ");
    std::fs::remove_file(project.path().join(".env")).unwrap();
    assert_snapshot!(show(&run(project.path(), &["serve"], "")), @r"
    exit 2
    error: `URBANIA_SESSION_SECRET` is neither in the environment nor in .env
    hint: urbania up   writes what .env lacks
    ");
}
