//! `urbania` runs, checks and proves a self-hosted LiveKit.
//!
//! # The map
//! ```text
//! main.rs          parse, run, print the error, pick the exit code
//! error.rs         the one error type that reaches the user
//! context.rs       what a command is given: environment, clock, output
//! output.rs        stdout is data, stderr is talk; tables
//! logging.rs       diagnostics on stderr
//! cli/             one command a file
//! config/          urbania.yaml, livekit.yaml, env files, the effective config; lint/: LiveKit's judgement
//! http.rs          clients: for this machine, for the world
//! tls.rs           TLS where there is no HTTP
//! jwt.rs           HS256 tokens: signed and verified with state prepared once
//! livekit/         key pair, grants, tokens, room service, webhooks (knows LiveKit)
//! participant/     one without a browser: joins a room and tries every way for media
//! presence/        who is in which room: webhooks and lists made into calls
//! open/            browsers for people: windows by one-time links; phone/: HTTPS for the network, its authority
//! lab/             calls between real browsers: scenarios, measurements, verdicts, reports
//! host/            sockets and their holders, detached processes, the lock (knows this machine)
//! engine/          the trait and the choice; docker/ (only place with bollard), processes/
//! stack/           services wanted, plan, health, up and down (pure until applied)
//! sfu/             the embedded development SFU: signalling, rooms, media
//! store/           trait and records; sqlite, mongo
//! auth/            Caller and the identity providers
//! doctor/          checks: what is wrong, why, and what to do; one check a file, by group
//! api/             router, state, policy, mint; contracts/<app>/; web/: the client's pages, built from web/
//! ```
//!
//! # Three walks
//! `urbania up`: `cli::up` → `config` → `stack::runner` (which engine) → `stack` plan → `host` port check →
//! `engine` → `stack` health → report.
//! A token: `api` router → `auth::Caller` → contract → policy → mint → `livekit`
//! token → the contract's answer.
//! `urbania doctor`: `cli::doctor` → `doctor::Site` → every `doctor::Check` at once → report,
//! and with `--fix` the mends.

pub mod api;
pub mod auth;
pub mod cli;
pub mod config;
pub mod context;
pub mod doctor;
pub mod engine;
pub mod error;
pub mod host;
pub mod http;
pub mod jwt;
pub mod lab;
pub mod livekit;
pub mod logging;
pub mod open;
pub mod output;
pub mod participant;
pub mod presence;
pub mod sfu;
pub mod stack;
pub mod store;
pub mod tls;
