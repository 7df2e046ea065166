//! The HTTP API.
//!
//! A request walks: [`server`] → [`router`] → a contract's extractor (who calls?) → the contract
//! (what is asked?) → [`policy`] (may they?) → [`mint`] → the contract's answer. Each contract is one folder
//! under [`contracts`] with requests, answers, extractors and an envelope of its own; what goes
//! wrong is a [`refusal::Refusal`] everywhere and becomes an envelope at the contract's edge.
//!
//! [`openapi`] describes all of it: handlers say what they answer, `openapi.rs` of each contract what
//! their types do not.
//!
//! Nothing here reads files or the environment: [`ApiConfig`] is all there is to know.

mod address;
mod admin;
mod answer;
mod callers;
pub mod contracts;
mod duplicates;
mod envelope;
mod fields;
mod health;
mod iso;
pub mod journal;
mod known_rooms;
mod limits;
mod links;
mod local_host;
mod metrics;
mod mint;
mod openapi;
mod payload;
mod policy;
mod reach;
mod refusal;
mod room_defaults;
mod router;
mod server;
mod sfu;
mod waiting;
mod web;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{Notify, watch};

use crate::auth::password::Passwords;
use crate::auth::{Providers, Sessions, Setup};
use crate::config::{ApiLimits, DuplicateIdentity, TokenSourceSettings};
use crate::context::Clock;
use crate::livekit::current::Current;
use crate::livekit::keys::KeyPair;
use crate::livekit::room_service::RoomService;
use crate::livekit::token::Signer;
use crate::livekit::webhook::Receiver;
use crate::presence::Presence;
use crate::store::{Guarded, Store};

pub use contracts::kraken::KrakenConfig;
pub use reach::{BY_WAY_OF, Reach};
pub use room_defaults::RoomDefaults;
pub use server::serve;

use callers::KnownCallers;
use contracts::meetings;
use health::Health;
use journal::Journal;
use known_rooms::KnownRooms;
use limits::Limits;
use links::Links;
use metrics::Metrics;
use sfu::{Streams, Told};
use waiting::WaitingRooms;

/// What the API must know.
#[derive(Debug)]
pub struct ApiConfig {
    /// Signs tokens; the SFU must know it. Without it nobody gets a token, and is told why.
    pub pair: Option<KeyPair>,
    /// Signs the sessions of local users.
    pub session_secret: SecretString,
    /// Judges their passwords.
    pub passwords: Passwords,
    /// Whom else to believe.
    pub auth: Setup,
    /// What callers are told about the SFU.
    pub reach: Reach,
    /// What rooms are like where nothing else is said.
    pub rooms: RoomDefaults,
    /// Lifetime of a token when the caller asks for none.
    pub token_ttl: Duration,
    /// Longest lifetime that a caller can ask for.
    pub max_token_ttl: Duration,
    /// How often logins and tokens may be asked for.
    pub limits: ApiLimits,
    /// What clients of the standard token endpoint may set.
    pub token_source: TokenSourceSettings,
    /// Whether anybody gets tokens without a login; never where others reach us.
    pub dev: bool,
    /// Whether the pages of the web client are served.
    pub web: bool,
    /// What Kraken's contract has of its own.
    pub kraken: KrakenConfig,
    /// What is done when somebody asks for a token to a room that they are in already.
    pub duplicate_identity: DuplicateIdentity,
    /// Any of these may have signed what comes as LiveKit's webhook.
    pub webhook_pairs: Vec<KeyPair>,
    /// How often the SFU is asked who is where, besides what it tells.
    pub reconcile_every: Duration,
    /// Origins of web pages that may call the API; `*` for any.
    pub cors_origins: Vec<String>,
    /// What must be remembered.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Clock,
    /// The access and audit log.
    pub journal: Journal,
}

/// What every request can use.
pub struct App {
    config: ApiConfig,
    providers: Providers,
    signer: Current<Option<Signer>>,
    /// Whether what it signs can be worth anything.
    pair_is_well_formed: AtomicBool,
    sfu: RoomService,
    callers: KnownCallers,
    rooms: KnownRooms,
    defaults: Current<RoomDefaults>,
    limits: Limits,
    links: Links,
    health: Health,
    metrics: Metrics,
    meetings: meetings::Turns,
    waiting: WaitingRooms,
    webhooks: Current<Receiver>,
    presence: Presence,
    told: Told,
    streams: Streams,
    /// Something of the SFU was missed.
    gap: Notify,
    /// Whether the process is about to end: streams end with it.
    ending: watch::Sender<bool>,
}

impl App {
    /// Prepares the keys; touches nothing outside the process.
    pub fn new(mut config: ApiConfig) -> Arc<Self> {
        config.store = Arc::new(Guarded::new(config.store));
        let pair = config.pair.as_ref();
        let previous = &config.auth.previous_sessions;
        let sessions = Sessions::new(&config.session_secret, previous);
        Arc::new(Self {
            providers: Providers::new(sessions, &config.auth),
            signer: Current::new(pair.map(Signer::new)),
            pair_is_well_formed: AtomicBool::new(pair.is_some_and(KeyPair::is_well_formed)),
            sfu: RoomService::new(&config.reach.server(), pair, config.clock.clone()),
            callers: KnownCallers::default(),
            rooms: KnownRooms::default(),
            defaults: Current::new(config.rooms),
            limits: Limits::new(&config.limits),
            links: Links::default(),
            health: Health::default(),
            metrics: Metrics::default(),
            meetings: meetings::Turns::default(),
            waiting: WaitingRooms::default(),
            webhooks: Current::new(Receiver::new(&config.webhook_pairs)),
            presence: Presence::default(),
            told: Told::default(),
            streams: Streams::default(),
            gap: Notify::new(),
            ending: watch::Sender::new(false),
            config,
        })
    }
}

impl App {
    /// Whether there is a pair that can be worth anything.
    fn has_well_formed_pair(&self) -> bool {
        self.pair_is_well_formed.load(Ordering::Relaxed)
    }

    /// From now on `pair` signs, and webhooks of `webhook_pairs` are believed. Requests in flight end
    /// with the pair that they began with.
    pub fn take_pairs(&self, pair: Option<&KeyPair>, webhook_pairs: &[KeyPair]) {
        self.webhooks.set(Receiver::new(webhook_pairs));
        self.sfu.sign_with(pair);
        let is_well_formed = pair.is_some_and(KeyPair::is_well_formed);
        self.pair_is_well_formed
            .store(is_well_formed, Ordering::Relaxed);
        self.signer.set(pair.map(Signer::new));
    }

    /// From now on this is what rooms are like where nothing else is said.
    pub fn take_defaults(&self, defaults: RoomDefaults) {
        self.defaults.set(defaults);
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}
