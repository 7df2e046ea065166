//! `urbania call`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::duration::duration;
use super::restart::restart;
use super::room::url as address;
use crate::config::{KEY, Project, SECRET};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::lab::browser::find;
use crate::lab::call::{Plan, Restart, hold};
use crate::lab::cast::cast;
use crate::lab::progress::Progress;
use crate::lab::report::{Report, html, junit, text};
use crate::lab::scenario::{NAMES, Scenario, What, built_in, read};
use crate::lab::target::{Tokens, websocket_of};
use crate::livekit::keys::KeyPair;
use crate::output::{Format, Output};
use crate::stack::interrupt::Interrupt;
use crate::stack::service::Service;

/// What lets us ask a token endpoint.
const BEARER: &str = "URBANIA_CALL_TOKEN";

/// How long an SFU may take to work again.
const RESTARTING: Duration = Duration::from_mins(1);

/// Hold a call between real browsers and prove who sees and hears whom
///
/// Each participant is a Chromium that sends a picture with its name and a clock in it, and a tone of its own; the
/// others read both back. Exits with 3 when somebody does not see or hear who should be seen and heard.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// one-to-one, audio-only, group, webinar, reconnect, token-refresh, lossy, churn, or a YAML file
    #[arg(default_value = "one-to-one")]
    scenario: String,
    /// How many take part, where the scenario leaves that open
    #[arg(long, value_name = "N")]
    participants: Option<usize>,
    /// How long the call is watched when all have joined [default: the scenario's]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Show the browsers' windows
    #[arg(long)]
    headed: bool,
    /// The SFU's address [default: this project's; with LIVEKIT_API_KEY and LIVEKIT_API_SECRET, any]
    #[arg(long, value_name = "URL", value_parser = address)]
    url: Option<String>,
    /// Ask this endpoint for tokens instead of signing them [URBANIA_CALL_TOKEN: a bearer, or one for each participant]
    #[arg(long, value_name = "URL", value_parser = address)]
    token_endpoint: Option<String>,
    /// Write the verdicts as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page with figures, plots and screenshots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let scenario = scenario(ctx, &args)?;
    let members = cast(&scenario, args.participants)?;
    let tokens = tokens(ctx, &args, members.len())?;
    let own = args.url.is_none() && args.token_endpoint.is_none();
    let (restarting, interrupt) = (Restarting(ctx), Interrupt::listen()?);
    let restarts = scenario.events.iter().any(|e| e.what == What::RestartSfu);
    if restarts && !own {
        return Err(Error::usage(format!(
            "`{}` restarts the SFU: only that of a project can be",
            scenario.name
        )));
    }
    let browser = find(&ctx.env)?;
    let plan = Plan {
        scenario: &scenario,
        members: &members,
        tokens: &tokens,
        browser: &browser,
        headed: args.headed,
        clock: &ctx.clock,
        restart: own.then_some(&restarting),
        interrupt: &interrupt,
    };
    let started = format!("{:.3}", ctx.clock.now());
    let progress = Progress::begin(ctx.out);
    let held = hold(&plan, &progress).await;
    progress.end();
    let report = Report::of(&scenario, held?, started);
    write(ctx, args.junit.as_deref(), || junit(&report))?;
    write(ctx, args.html.as_deref(), || html(&report))?;
    match ctx.out.format {
        Format::Json => ctx.out.json(&report)?,
        Format::Table => ctx.out.line(text(&report))?,
    }
    verdict(&report)
}

fn scenario(ctx: &Context, args: &Args) -> Result<Scenario> {
    let name = args.scenario.as_str();
    let is_file = Path::new(name)
        .extension()
        .is_some_and(|e| e == "yaml" || e == "yml" || e == "json");
    let mut scenario = match built_in(name) {
        Some(scenario) => scenario,
        None if is_file => read(&ctx.cwd.join(name))?,
        None => return Err(unknown(name)),
    };
    if let Some(duration) = args.duration {
        let seconds = u32::try_from(duration.as_secs()).ok();
        let fits = seconds.filter(|seconds| (1..=3600).contains(seconds));
        scenario.seconds = fits.ok_or_else(|| Error::usage("`--duration` takes 1 s to 1 h"))?;
    }
    Ok(scenario)
}

fn unknown(name: &str) -> Error {
    let likest = NAMES
        .iter()
        .map(|(known, _)| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    let error = Error::usage(format!("there is no scenario `{name}`"));
    match likest {
        Some((_, known)) => error.hint(format!("urbania call {known}")),
        None => error.hint("urbania call --help   names them; a file of your own ends in .yaml"),
    }
}

fn tokens(ctx: &Context, args: &Args, count: usize) -> Result<Tokens> {
    if let Some(url) = &args.token_endpoint {
        return Ok(Tokens::Endpoint {
            url: url.clone(),
            sfu: args.url.as_deref().map(websocket_of),
            bearers: bearers(ctx, count)?,
        });
    }
    let Some(url) = args.url.as_deref().map(websocket_of) else {
        let project = Project::load(ctx)?;
        let pair = project.pair_to_serve_with()?.ok_or_else(no_pair)?;
        let url = project.settings.livekit_url.clone();
        let url = url.unwrap_or_else(|| project.livekit.websocket_here());
        return Ok(Tokens::Signed { url, pair });
    };
    let pair = match (ctx.env.get(KEY), ctx.env.get(SECRET)) {
        (Some(key), Some(secret)) => KeyPair {
            key: key.to_owned(),
            secret: secret.into(),
        },
        (None, None) => {
            Project::find(ctx).map_err(|e| elsewhere(ctx, e))?;
            let project = Project::load(ctx)?;
            project.pair_to_serve_with()?.ok_or_else(no_pair)?
        }
        _ => return Err(Error::usage(format!("{KEY} and {SECRET} go together"))),
    };
    Ok(Tokens::Signed { url, pair })
}

/// None, one for all, or one for each participant.
fn bearers(ctx: &Context, count: usize) -> Result<Vec<SecretString>> {
    let given = ctx.env.get(BEARER).unwrap_or_default();
    let bearers: Vec<SecretString> = given.split_whitespace().map(Into::into).collect();
    match bearers.len() {
        0 | 1 => Ok(bearers),
        some if some >= count => Ok(bearers),
        few => Err(Error::usage(format!(
            "{BEARER} has {few} tokens for {count} participants"
        ))),
    }
}

/// Who names an SFU needs no project: a pair of that SFU is enough.
fn elsewhere(ctx: &Context, no_project: Error) -> Error {
    if ctx.project.is_some() {
        return no_project;
    }
    Error::usage("`--url` needs a key pair of that SFU: none is in the environment, and there is no project here")
        .hint(format!("{KEY}=… {SECRET}=… urbania call --url URL"))
}

fn no_pair() -> Error {
    Error::usage("livekit.yaml has no key pair").hint("urbania init --missing")
}

fn write(ctx: &Context, path: Option<&Path>, text: impl FnOnce() -> Result<String>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let path = ctx.cwd.join(path);
    std::fs::write(&path, text()?).or_fail(|| format!("cannot write `{}`", path.display()))?;
    ctx.out.say(format_args!("wrote {}", path.display()));
    Ok(())
}

fn verdict(report: &Report) -> Result<()> {
    if report.interrupted {
        let error = Error::failed(format!("interrupted after {} s", report.seconds));
        return Err(error.hint("what is above holds until then"));
    }
    if report.passed {
        return Ok(());
    }
    let faults = report.faults();
    let error = Error::problem(match faults.as_slice() {
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
        [] => "the call is not as it should be".to_owned(),
    });
    Err(match report.hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

/// `urbania restart livekit`, without a word.
struct Restarting<'a>(&'a Context);

#[async_trait(?Send)]
impl Restart for Restarting<'_> {
    async fn restart(&self) -> Result<()> {
        let quiet = Context {
            out: Output {
                quiet: true,
                ..self.0.out
            },
            ..self.0.clone()
        };
        restart(&quiet, &[Service::Livekit], RESTARTING).await?;
        Ok(())
    }
}
