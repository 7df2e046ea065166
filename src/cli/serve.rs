//! `urbania serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::api::journal::{Journal, LogFormat, Sink};
use crate::api::{ApiConfig, App, KrakenConfig, Reach, RoomDefaults, serve};
use crate::auth::Setup;
use crate::auth::password::Passwords;
use crate::config::{ENV_FILE, Project, compare_backends};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::host::log_file::StderrLog;
use crate::livekit::keys::KeyPair;
use crate::output::WARN;
use crate::stack::api::{ApiFiles, session_secret};
use crate::stack::rotation::end_when_idle;
use crate::stack::serving::Serving;
use crate::store;

/// What is said when there is nothing to sign with.
const NO_PAIR: &str = "no key pair, so nobody gets a token: neither `keys` of livekit.yaml nor \
    LIVEKIT_API_KEY and LIVEKIT_API_SECRET are there";
/// How long a lost webhook can go unnoticed.
const RECONCILE_EVERY: Duration = Duration::from_secs(30);

/// Run the token API in the foreground
///
/// This is what a production host or a container runs; `urbania up` starts it in the background.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port to listen on [default: `api.listen` of urbania.yaml]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where the SFU alone brings its webhooks, when it cannot reach the other address
    #[arg(long, value_name = "ADDRESS:PORT")]
    webhook_listen: Option<SocketAddr>,
    /// Shape of the log on stderr
    #[arg(long, value_enum, default_value_t = LogFormatArg::Text)]
    log_format: LogFormatArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormatArg {
    Text,
    Json,
}

impl Args {
    /// Whether the log is for machines.
    pub fn json_log(&self) -> bool {
        self.log_format == LogFormatArg::Json
    }
}

/// Serves until it is told to end.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    // First of all: a signal during the start must not be lost.
    let end = end_signal()?;
    let hangup = signal(SignalKind::hangup()).or_fail(|| "cannot listen for signals".into())?;
    let project = Project::load_to_serve(ctx)?;
    let listen = args.listen.unwrap_or(project.settings.api.listen);
    if project.settings.api.dev && !listen.ip().is_loopback() {
        return Err(Error::usage(format!(
            "`{listen}` is no loopback address, and `api.dev` gives everybody tokens"
        ))
        .hint("api.dev: false in urbania.yaml, or --listen 127.0.0.1:8000"));
    }
    let config = config(ctx, &project, listen, args.json_log())?;
    let listener = bind(listen).await?;
    let serving = match Serving::begin(&project.state_dir(), &project.live_digest()?) {
        Ok(serving) => Some(serving),
        // A folder that cannot be written to keeps nobody from serving.
        Err(e) => {
            let why = format_args!("{WARN}warning{WARN:#}: {e}; `keys rotate` will not find it");
            ctx.out.complain(why);
            None
        }
    };
    let address = listener
        .local_addr()
        .or_fail(|| "cannot tell the own address".into())?;
    ctx.out.say(format_args!("listening on http://{address}"));
    let webhooks = match args.webhook_listen {
        Some(listen) => for_webhooks(ctx, listen).await,
        None => None,
    };
    let app = App::new(config);
    tokio::select! {
        () = serve(listener, webhooks, app.clone(), end) => {}
        () = follow_files(hangup, &project, &app, serving.as_ref()) => {}
        () = end_when_idle(ctx, &project) => {}
    }
    ctx.out.say("ended");
    Ok(())
}

fn config(
    ctx: &Context,
    project: &Project,
    listen: SocketAddr,
    json_log: bool,
) -> Result<ApiConfig> {
    let settings = &project.settings;
    let session_secret = session_secret(project)?;
    let pair = project.pair_to_serve_with()?;
    let auth = Setup::of(project, listen)?;
    let no_pair = pair.is_none().then(|| NO_PAIR.to_owned());
    let warnings = no_pair.into_iter().chain(auth.warnings(project));
    for warning in warnings.chain(contradictions(project)) {
        ctx.out
            .complain(format_args!("{WARN}warning{WARN:#}: {warning}"));
    }
    let format = if json_log {
        LogFormat::Json
    } else {
        LogFormat::Text
    };
    let webhook_pairs = webhook_pairs(project, pair.as_ref());
    Ok(ApiConfig {
        pair,
        session_secret,
        passwords: Passwords::default(),
        auth,
        reach: Reach::new(settings.livekit_url.clone(), &project.livekit),
        rooms: RoomDefaults::from(&project.livekit.room),
        token_ttl: Duration::from_secs(settings.api.token_ttl),
        max_token_ttl: Duration::from_secs(settings.api.max_token_ttl),
        limits: settings.api.limits.clone(),
        token_source: settings.api.token_source,
        dev: settings.api.dev,
        web: settings.api.web,
        kraken: KrakenConfig {
            token_ttl: Duration::from_secs(settings.api.kraken.token_ttl),
            region: Some(project.livekit.region.clone()).filter(|region| !region.is_empty()),
            recording: settings.api.kraken.recording,
        },
        duplicate_identity: settings.api.duplicate_identity,
        webhook_pairs,
        reconcile_every: RECONCILE_EVERY,
        cors_origins: settings.api.cors_origins.clone(),
        store: Arc::from(store::of(project)?),
        clock: ctx.clock.clone(),
        journal: Journal::new(format, log(project)),
    })
}

/// Whose webhooks are believed.
fn webhook_pairs(project: &Project, pair: Option<&KeyPair>) -> Vec<KeyPair> {
    match project.livekit.keys.as_slice() {
        [] => pair.cloned().into_iter().collect(),
        keys => keys.to_vec(),
    }
}

/// On each SIGHUP the pairs and what rooms are like are read again: a rotation or another limit needs no
/// other process. What cannot be read changes nothing.
async fn follow_files(mut hangup: Signal, project: &Project, app: &App, serving: Option<&Serving>) {
    while hangup.recv().await.is_some() {
        let taken = project.reload_to_serve().and_then(|project| {
            let pair = project.pair_to_serve_with()?;
            let digest = project.live_digest()?;
            app.take_pairs(pair.as_ref(), &webhook_pairs(&project, pair.as_ref()));
            app.take_defaults(RoomDefaults::from(&project.livekit.room));
            let said = serving.map_or(Ok(()), |serving| serving.has(&digest));
            said.or_fail(|| "cannot say so".into())?;
            Ok(pair.map_or_else(
                || NO_PAIR.to_owned(),
                |pair| format!("signing with `{}`", pair.key),
            ))
        });
        match taken {
            Ok(said) => tracing::info!("livekit.yaml read again: {said}"),
            Err(e) => tracing::warn!("what was read before stays: {e}"),
        }
    }
    // No signal can come any more; the server goes on.
    std::future::pending::<()>().await;
}

/// What `up` starts has a file of its own, which it keeps from growing without end.
fn log(project: &Project) -> Sink {
    match StderrLog::at(&ApiFiles::of(project).log) {
        Some(log) => Box::new(log),
        None => Box::new(std::io::stderr()),
    }
}

/// Where `.env` says something else than the files that count.
fn contradictions(project: &Project) -> Vec<String> {
    if project.livekit.keys.is_empty() {
        return Vec::new();
    }
    let findings = compare_backends(project).into_iter();
    findings
        .filter(|finding| finding.file == ENV_FILE && finding.contradicts())
        .map(|finding| finding.to_string())
        .collect()
}

/// Without it, everything works but the SFU's webhooks, and those are made up for.
async fn for_webhooks(ctx: &Context, listen: SocketAddr) -> Option<TcpListener> {
    match TcpListener::bind(listen).await {
        Ok(listener) => {
            ctx.out
                .say(format_args!("listening for webhooks on http://{listen}"));
            Some(listener)
        }
        Err(e) => {
            ctx.out.complain(format_args!(
                "cannot listen for webhooks on `{listen}`: {e}"
            ));
            None
        }
    }
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|e| {
        let port = listen.port();
        let message = format!("cannot listen on `{listen}`");
        match e.kind() {
            std::io::ErrorKind::AddrInUse => {
                Error::problem(format!("port {port} is taken: {message}"))
                    .hint(format!("urbania ports {port}   shows who holds it"))
            }
            _ => Error::failed(message).because(e),
        }
    })
}

/// Resolves at the first SIGTERM or SIGINT.
fn end_signal() -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).or_fail(|| "cannot listen for signals".into());
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
