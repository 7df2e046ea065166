//! The door for phones, from a network of its own: a real browser that trusts the authority and one that does not.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{PASSWORD, two_people};
use crate::docs::json::undocumented;
use crate::support::browser::Participant;
use crate::support::network::Elsewhere;
use crate::support::page_server::PageServer;
use crate::support::project::TestProject;
use crate::support::until::{eventually, until};

const HERTZ: u32 = 1_320;
const MOST_LOGINS: u32 = 12;

/// `urbania open --phone`, until it is told to end.
struct Door {
    process: Child,
    shown: Value,
}

impl Door {
    /// Opens it; `data` is where the user's own data is.
    fn open(project: &TestProject, data: &Path, args: &[&str]) -> Self {
        let args = [&["open", "--phone", "-o", "json"], args].concat();
        let mut command = project.command(&args);
        command.env("XDG_DATA_HOME", data);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut text = String::new();
        let stdout = BufReader::new(process.stdout.as_mut().unwrap());
        for line in stdout.lines().map_while(Result::ok) {
            text.push_str(&line);
            if line == "}" {
                break;
            }
        }
        let shown = serde_json::from_str(&text).unwrap_or_else(|_| {
            let mut words = String::new();
            let _ = process.stderr.take().unwrap().read_to_string(&mut words);
            panic!("{text}{words}")
        });
        Self { process, shown }
    }

    fn text(&self, pointer: &str) -> String {
        let found = self.shown.pointer(pointer).and_then(Value::as_str);
        found
            .unwrap_or_else(|| panic!("{pointer}: {}", self.shown))
            .to_owned()
    }

    /// Ctrl-C.
    fn close(mut self) {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}

/// A home whose browser trusts what the page over plain HTTP gives out.
fn trusting(home: &Path, network: &Elsewhere, page: &str) {
    let fetch = "const answer = await fetch(process.argv[1] + '/urbania.crt');\
                 console.error(answer.headers.get('content-type'));\
                 process.stdout.write(new Uint8Array(await answer.arrayBuffer()));";
    let mut fetching = network.command("node");
    let fetched = fetching
        .args(["--input-type=module", "-e", fetch, page])
        .output()
        .unwrap();
    let kind = String::from_utf8_lossy(&fetched.stderr).into_owned();
    assert_eq!(kind.trim(), "application/x-x509-ca-cert");
    let certificate = home.join("urbania.crt");
    std::fs::write(&certificate, &fetched.stdout).unwrap();
    let store = home.join(".pki/nssdb");
    std::fs::create_dir_all(&store).unwrap();
    let database = format!("sql:{}", store.display());
    let file = certificate.to_str().unwrap();
    for args in [
        &["-N", "-d", &database, "--empty-password"][..],
        &[
            "-A", "-d", &database, "-t", "C,,", "-n", "urbania", "-i", file,
        ],
    ] {
        let done = Command::new("certutil").args(args).output();
        let done = done.expect("certutil is installed; scripts/setup installs it");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

async fn log_in(project: &TestProject) -> u16 {
    let client = urbania::http::plain(Duration::from_secs(10)).unwrap();
    let login = client.post(format!("{}/api/auth/login", project.api()));
    let pair = json!({"username": "ada", "password": PASSWORD});
    login.json(&pair).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_trusts_the_authority_is_in_the_call_and_nowhere_else() {
    let network = Elsewhere::new();
    let pages = PageServer::start().await;
    let project = TestProject::initialised();
    let named = format!("node_ip: {}", network.here);
    project.edit("livekit.yaml", |text| {
        text.replace("# node_ip: 192.0.2.10", &named)
    });
    project.settings(&format!(
        "api: {{listen: '127.0.0.1:{}', dev: true, cors_origins: ['{}'], limits: {{logins_per_minute: {MOST_LOGINS}}}}}\n\
         services: {{mongodb: {{enabled: false}}}}\n",
        project.ports.api(),
        pages.origin
    ));
    project.ok(&["up"]);
    two_people(&project);
    let ada = Participant::open(&pages).await;
    let answer = ada
        .token(&project.api(), "ada", PASSWORD, "the daily")
        .await;
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    ada.join(&text("url"), &text("token"), 5, HERTZ).await;

    let home = tempfile::tempdir().unwrap();
    let port = project.ports.turn().to_string();
    let args = [
        "--as",
        "bob",
        "--address",
        &network.here,
        "--port",
        &port,
        "the daily",
    ];
    let door = Door::open(&project, home.path(), &args);
    assert_eq!(undocumented("urbania open --phone", &door.shown), [""; 0]);
    assert_eq!(
        door.shown["warnings"],
        json!([]),
        "the SFU is reached from there"
    );
    let stranger = tempfile::tempdir().unwrap();
    trusting(home.path(), &network, &door.text("/certificate/page"));
    let mut phone = network.command("node");
    phone
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/web/phone.mjs"))
        .arg(door.text("/links/0/link"))
        .env("HOME", home.path())
        .env("STRANGER", stranger.path())
        .env("HERTZ", HERTZ.to_string())
        .env("MOST_LOGINS", MOST_LOGINS.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut phone = phone.spawn().unwrap();
    let mut said = BufReader::new(phone.stdout.take().unwrap()).lines();
    let mut words = phone.stderr.take().unwrap();
    let mut why = move || {
        let mut text = String::new();
        let _ = words.read_to_string(&mut text);
        text
    };
    match said.next() {
        Some(Ok(line)) => assert_eq!(line, "in the call"),
        _ => panic!("{}", why()),
    }
    // Seen and heard the other way, too.
    until("bob is seen and heard here", async || {
        let report = ada.report().await;
        report
            .seen
            .values()
            .any(|bob| bob.decoded > 20 && bob.energy > 0.0)
    })
    .await;
    drop(phone.stdin.take());
    match said.next() {
        Some(Ok(line)) => assert_eq!(line, "done"),
        _ => panic!("{}", why()),
    }
    eventually("the phone goes", || phone.try_wait().unwrap().is_some());
    // It has used up its own attempts and nobody else's.
    assert_eq!(log_in(&project).await, 200);

    let again = ["--as", "bob", "--address", &network.here, "--port", &port];
    let taken = project
        .run(&[&["open", "--phone"], &again[..]].concat())
        .expect(3);
    assert!(
        taken.stderr.contains(&format!("port {port} is taken")),
        "{}",
        taken.stderr
    );
    let fingerprint = door.text("/certificate/sha256");
    door.close();
    let door = Door::open(&project, home.path(), &again);
    assert_eq!(door.text("/certificate/sha256"), fingerprint, "made once");
    door.close();
    ada.close().await;
    project.ok(&["down"]);
}
