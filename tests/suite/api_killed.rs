//! `urbania serve` killed in a loop under load: what was answered 201 is there afterwards.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use urbania::config::StoreSettings;
use urbania::store::{Mongo, Sqlite, Store};

use crate::support::api::{PASSWORD, add_user};
use crate::support::mongo::database;
use crate::support::store::StoreKind;

/// `scripts/soak/kill-api` asks for more.
const KILLS: &str = "URBANIA_TEST_KILLS";
const CALLERS: usize = 4;
/// A kill comes after this many answers at most.
const MOST_ANSWERS: usize = 40;

/// A project whose server is killed and started again.
struct Project {
    dir: TempDir,
    client: Client,
}

/// A running server.
struct Server {
    process: Child,
    base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Project {
    async fn on(kind: StoreKind) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (word, uri) = match kind {
            StoreKind::Sqlite => ("sqlite", SecretString::default()),
            StoreKind::Mongodb => ("mongodb", database().await),
        };
        let settings = format!("store: {{kind: {word}}}\napi: {{listen: '127.0.0.1:0'}}\n");
        let env = format!(
            "MONGODB_URI={}\nURBANIA_SESSION_SECRET={}\n",
            uri.expose_secret(),
            "s".repeat(32)
        );
        let livekit = format!("keys: {{APItest: {}}}\n", "s".repeat(32));
        for (file, text) in [
            ("urbania.yaml", settings),
            (".env", env),
            ("livekit.yaml", livekit),
        ] {
            std::fs::write(dir.path().join(file), text).unwrap();
        }
        let store: Box<dyn Store> = match kind {
            StoreKind::Sqlite => Box::new(Sqlite::new(dir.path().join(".urbania/urbania.db"))),
            StoreKind::Mongodb => Box::new(Mongo::new(uri, StoreSettings::default())),
        };
        add_user(store.as_ref(), "ada", &[]).await;
        let client = urbania::http::plain(Duration::from_secs(30)).unwrap();
        Self { dir, client }
    }

    fn serve(&self) -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_urbania"))
            .arg("serve")
            .current_dir(self.dir.path())
            .env_clear()
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let base = lines
            .by_ref()
            .find_map(|line| Some(line.unwrap().split_once("listening on ")?.1.to_owned()))
            .expect("the server says where it listens");
        // A full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Server { process, base }
    }

    async fn login(&self, server: &Server) -> String {
        let url = format!("{}/api/auth/login", server.base);
        let pair = json!({"username": "ada", "password": PASSWORD});
        let answer = self.client.post(url).json(&pair).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().expect("a session").to_owned()
    }

    /// Makes rooms until nobody answers; notes those that were answered 201.
    fn caller(
        &self,
        server: &Server,
        session: &str,
        who: String,
        made: &Arc<Mutex<Vec<String>>>,
    ) -> JoinHandle<()> {
        let (client, made) = (self.client.clone(), made.clone());
        let url = format!("{}/api/livekit/rooms", server.base);
        let session = session.to_owned();
        tokio::spawn(async move {
            for n in 0.. {
                let name = format!("{who}-{n}");
                let body = json!({"room_name": name, "participants": [], "call_type": "video"});
                let call = client.post(&url).bearer_auth(&session).json(&body);
                let Ok(answer) = call.send().await else {
                    return;
                };
                assert_eq!(answer.status(), 201, "{name}");
                made.lock().unwrap().push(name);
            }
        })
    }

    /// Those of the rooms that are not there.
    async fn lost(&self, server: &Server, session: &str, made: &[String]) -> Vec<String> {
        let mut lost = Vec::new();
        for name in made {
            let url = format!("{}/api/livekit/rooms/{name}", server.base);
            let call = self.client.get(url).bearer_auth(session);
            if call.send().await.unwrap().status() != 200 {
                lost.push(name.clone());
            }
        }
        lost
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_room_that_was_answered_201_survives_kill_9_of_the_server() {
    #[expect(clippy::disallowed_methods, reason = "how a script asks for more")]
    let kills = std::env::var(KILLS).map_or(3, |n| n.parse().unwrap());
    println!("store    kill  answered  lost  back after");
    for kind in StoreKind::ALL {
        let project = Project::on(kind).await;
        let mut server = project.serve();
        let session = project.login(&server).await;
        for kill in 1..=kills {
            let made = Arc::<Mutex<Vec<String>>>::default();
            let callers: Vec<_> = (0..CALLERS)
                .map(|n| project.caller(&server, &session, format!("{kill}-{n}"), &made))
                .collect();
            let answers = 1 + kill * 7 % MOST_ANSWERS;
            let loaded = async {
                while made.lock().unwrap().len() < answers {
                    assert!(
                        !callers.iter().any(JoinHandle::is_finished),
                        "a caller ended"
                    );
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_mins(1), loaded)
                .await
                .expect("rooms are made");
            server.process.kill().unwrap();
            server.process.wait().unwrap();
            for caller in callers {
                caller.await.unwrap();
            }
            let began = Instant::now();
            server = project.serve();
            let back = began.elapsed();
            let made = std::mem::take(&mut *made.lock().unwrap());
            let lost = project.lost(&server, &session, &made).await;
            let kind = format!("{kind:?}");
            println!(
                "{kind:<8} {kill:>4}  {:>8}  {:>4}  {back:.0?}",
                made.len(),
                lost.len()
            );
            assert!(lost.is_empty(), "{lost:?}");
        }
    }
}
