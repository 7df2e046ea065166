//! Token requests without a pause, and what became of every one of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::call::PASSWORD;
use crate::support::project::TestProject;

/// Requests that are under way at the same time.
const AT_ONCE: usize = 4;

/// Asks for tokens until it is told to end; a request that fails fails the test.
pub struct Load {
    asking: JoinSet<Vec<String>>,
    enough: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
}

impl Load {
    /// Begins as a user of the project.
    pub async fn begin(project: &TestProject, user: &str) -> Self {
        let (client, api) = (client(), project.api());
        let session = login(&client, &api, user).await;
        let (enough, count) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let mut asking = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (client, api, session) = (client.clone(), api.clone(), session.clone());
            let (enough, count): (Arc<AtomicBool>, _) = (Arc::clone(&enough), Arc::clone(&count));
            asking.spawn(async move {
                let mut tokens = Vec::new();
                while !enough.load(Ordering::Relaxed) {
                    tokens.push(session.token(&client, &api).await);
                    count.fetch_add(1, Ordering::Relaxed);
                }
                tokens
            });
        }
        Self {
            asking,
            enough,
            count,
        }
    }

    /// Waits until this many were answered.
    pub async fn until(&self, answered: usize) {
        let deadline = Instant::now() + Duration::from_mins(5);
        while self.count.load(Ordering::Relaxed) < answered {
            assert!(Instant::now() < deadline, "too few tokens");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many were answered.
    pub fn answered(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// All tokens that were handed out.
    pub async fn end(self) -> Vec<String> {
        self.enough.store(true, Ordering::Relaxed);
        self.asking.join_all().await.concat()
    }
}

/// A client that asks no proxy.
pub fn client() -> Client {
    urbania::http::plain(Duration::from_secs(30)).unwrap()
}

#[derive(Clone)]
struct Session {
    bearer: String,
    id: String,
    name: String,
}

async fn login(client: &Client, api: &str, user: &str) -> Session {
    let pair = json!({"username": user, "password": PASSWORD});
    let login = client.post(format!("{api}/api/auth/login")).json(&pair);
    let answer: Value = login.send().await.unwrap().json().await.unwrap();
    let bearer = answer["access_token"].as_str().unwrap().to_owned();
    let me = client
        .get(format!("{api}/api/auth/me"))
        .bearer_auth(&bearer);
    let me: Value = me.send().await.unwrap().json().await.unwrap();
    Session {
        bearer,
        id: me["id"].as_str().unwrap().to_owned(),
        name: user.to_owned(),
    }
}

impl Session {
    async fn token(&self, client: &Client, api: &str) -> String {
        let body = json!({"room_name": "load", "user_id": self.id, "username": self.name});
        let request = client.post(format!("{api}/api/livekit/token"));
        let answer = request.bearer_auth(&self.bearer).json(&body).send().await;
        let answer = answer.unwrap_or_else(|e| panic!("a request was lost: {e:?}"));
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
        let answer: Value = answer.json().await.unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }
}

/// The keys that signed them.
pub fn issuers(tokens: &[String]) -> BTreeSet<String> {
    let issuer = |token: &String| {
        let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
        let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
        claims["iss"].as_str().unwrap().to_owned()
    };
    tokens.iter().map(issuer).collect()
}

/// Every one of them admits its holder, says the SFU.
pub async fn all_admit(project: &TestProject, tokens: &[String]) {
    let client = client();
    for token in tokens {
        assert_eq!(admits(project, &client, token).await, 200);
    }
}

/// None of them does.
pub async fn none_admits(project: &TestProject, tokens: &[String]) {
    let client = client();
    for token in tokens {
        assert_eq!(admits(project, &client, token).await, 401);
    }
}

async fn admits(project: &TestProject, client: &Client, token: &str) -> u16 {
    let url = format!("http://127.0.0.1:{}/rtc/validate", project.ports.livekit());
    let answer = client.get(url).bearer_auth(token).send().await.unwrap();
    answer.status().as_u16()
}
