//! The token API in this process, on a port of its own, spoken to over real HTTP.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use urbania::api::journal::{Journal, LogFormat};
use urbania::api::{ApiConfig, App, KrakenConfig, Reach, RoomDefaults, serve};
use urbania::auth::Setup;
use urbania::auth::password::Passwords;
use urbania::config::{ApiLimits, DuplicateIdentity, LivekitConfig, TokenSourceSettings};
use urbania::context::Clock;
use urbania::livekit::keys::KeyPair;
use urbania::store::{Store, User, new_id};

use super::store::{StoreKind, TestStore};

/// The secret of the SFU's key `APItest`.
pub const LIVEKIT_SECRET: &str = "livekit secret of the tests, long enough";
/// What signs sessions.
pub const SESSION_SECRET: &str = "session secret of the tests, long enough";
/// Ada's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// A running API with one user, `ada`.
pub struct Api {
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// Ada's id.
    pub ada: String,
    /// What it remembers.
    pub store: Arc<dyn Store>,
    log: Log,
    /// Where that is.
    pub opened: TestStore,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Api {
    /// With the usual settings.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With the usual settings, on this kind of store.
    pub async fn start_on(kind: StoreKind) -> Self {
        Self::start_on_with(kind, |_| {}).await
    }

    /// With other settings.
    pub async fn start_with(change: impl FnOnce(&mut ApiConfig)) -> Self {
        Self::start_on_with(StoreKind::Sqlite, change).await
    }

    /// With other settings, on this kind of store.
    pub async fn start_on_with(kind: StoreKind, change: impl FnOnce(&mut ApiConfig)) -> Self {
        Self::start_in(kind.open().await, change).await
    }

    /// With other settings, in this store.
    pub async fn start_in(opened: TestStore, change: impl FnOnce(&mut ApiConfig)) -> Self {
        let store = opened.store.clone();
        let ada = add_user(store.as_ref(), "ada", &["admin"]).await;
        let log = Log::default();
        let mut config = ApiConfig {
            pair: Some(KeyPair {
                key: "APItest".into(),
                secret: LIVEKIT_SECRET.into(),
            }),
            session_secret: SESSION_SECRET.into(),
            passwords: Passwords::default(),
            auth: Setup::default(),
            reach: Reach::new(None, &LivekitConfig::default()),
            rooms: RoomDefaults {
                auto_create: true,
                max_participants: 100,
                empty_timeout: 300,
            },
            token_ttl: Duration::from_hours(6),
            max_token_ttl: Duration::from_hours(24),
            limits: ApiLimits::default(),
            token_source: TokenSourceSettings::default(),
            dev: false,
            web: true,
            kraken: KrakenConfig {
                token_ttl: Duration::from_hours(1),
                region: None,
                recording: false,
            },
            duplicate_identity: DuplicateIdentity::Warn,
            webhook_pairs: vec![KeyPair {
                key: "APItest".into(),
                secret: LIVEKIT_SECRET.into(),
            }],
            reconcile_every: Duration::from_mins(10),
            cors_origins: vec!["http://localhost:3000".into()],
            store,
            clock: Clock::system(),
            journal: Journal::new(LogFormat::Text, Box::new(log.clone())),
        };
        change(&mut config);
        let store = config.store.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let app = App::new(config);
        let task = tokio::spawn(async move {
            serve(listener, None, app, async {
                let _ = stopped.await;
            })
            .await;
        });
        Self {
            base,
            ada,
            store,
            log,
            stop: Some(stop),
            task,
            opened,
        }
    }

    /// The file of the store, when it is one.
    pub fn database(&self) -> std::path::PathBuf {
        self.opened.path()
    }

    /// A request to this API.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let client = urbania::http::plain(Duration::from_secs(30)).unwrap();
        client.request(method, format!("{}{path}", self.base))
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path).json(body).send().await.unwrap()
    }

    /// Ada's session.
    pub async fn session(&self) -> String {
        self.session_of("ada").await
    }

    /// The session of a user with the password of all tests.
    pub async fn session_of(&self, username: &str) -> String {
        let pair = json!({"username": username, "password": PASSWORD});
        let answer = self.post("/api/auth/login", &pair).await;
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().expect("a session").to_owned()
    }

    /// Asks for a token with this session.
    pub async fn token(&self, session: &str, body: &Value) -> Response {
        self.request("POST", "/api/livekit/token")
            .bearer_auth(session)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// Tells the server to end.
    pub fn tell_to_end(&mut self) {
        drop(self.stop.take());
    }

    /// Ends the server and returns what it logged.
    pub async fn end(mut self) -> String {
        self.tell_to_end();
        self.task.await.unwrap();
        let log = self.log.0.lock().unwrap();
        String::from_utf8(log.clone()).unwrap()
    }
}

/// Anybody may ask as often as they like.
pub fn no_limits() -> ApiLimits {
    ApiLimits {
        logins_per_minute: 0,
        failed_logins_per_minute: 0,
        tokens_per_minute: 0,
        tokens_per_minute_by_address: 0,
    }
}

/// Adds a user with the password of all tests; returns the id.
pub async fn add_user(store: &dyn Store, name: &str, roles: &[&str]) -> String {
    let user = User {
        id: new_id(Clock::system().now()),
        username: name.into(),
        roles: roles.iter().map(ToString::to_string).collect(),
        password_hash: Passwords::default().hash(PASSWORD.into()).await.unwrap(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    store.add_user(&user).await.unwrap();
    user.id
}

/// An answer as text: status, the headers that matter, body.
pub async fn show(answer: Response) -> String {
    let mut text = answer.status().to_string();
    for name in [
        "content-type",
        "allow",
        "www-authenticate",
        "retry-after",
        "cache-control",
        "access-control-allow-origin",
    ] {
        for value in answer.headers().get_all(name) {
            write!(text, "\n{name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    text + "\n" + &answer.text().await.unwrap()
}

/// Status and body in one line, for tables.
pub async fn line(answer: Response) -> String {
    let status = answer.status().as_u16();
    format!("{status} {}", answer.text().await.unwrap())
}

/// The claims of a token that the SFU's secret signed.
pub fn livekit_claims(token: &str) -> Value {
    livekit_claims_with(LIVEKIT_SECRET, token)
}

/// The claims of a token that another secret signed.
pub fn livekit_claims_with(secret: &str, token: &str) -> Value {
    let key = DecodingKey::from_secret(secret.as_bytes());
    decode(token, &key, &Validation::new(Algorithm::HS256))
        .unwrap()
        .claims
}
