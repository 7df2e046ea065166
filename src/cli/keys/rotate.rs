//! `urbania keys rotate`.

use serde_json::{Value, json};

use super::role_of;
use crate::config::{LIVEKIT_FILE, Project, STATE_DIR, Stage};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::lock::ProjectLock;
use crate::livekit::inspect::distance;
use crate::livekit::keys::KeyPair;
use crate::output::{Format, Table};
use crate::stack::rotation::{
    Facts, Look, NotOver, Rotation, Sfu, Step, Wish, decide, is_idle, look, restart_interrupted,
};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Args {
    /// Retire the old pair at once: the SFU starts again, which interrupts calls
    #[arg(long)]
    now: bool,
    /// Bring to its end what was begun, unless somebody would notice
    #[arg(long, conflicts_with = "now")]
    finish: bool,
    /// Say how far a rotation is, and do nothing
    #[arg(long, conflicts_with_all = ["now", "finish", "yes", "dry_run"])]
    status: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: &Args) -> Result<()> {
    let dir = Project::find(ctx)?;
    if args.status || args.dry_run {
        let project = Project::load_from(&dir, &ctx.env)?;
        let look = look(ctx, &project).await?;
        if args.status {
            return show(ctx, &project, &look);
        }
        let steps = steps(ctx, args, &project, &look, false)?;
        return report(ctx, args, &project, &steps, &look, &[]);
    }
    let lock = ProjectLock::acquire(&dir.join(STATE_DIR), "urbania keys rotate", &ctx.out).await?;
    let project = Project::load_from(&dir, &ctx.env)?;
    let before = look(ctx, &project).await?;
    let interrupted = restart_interrupted(ctx, &project, &before, &lock).await;
    let steps = steps(ctx, args, &project, &before, interrupted)?;
    agree(ctx, args, &project, &steps, &before)?;
    let mut rotation = Rotation {
        ctx,
        lock: &lock,
        project,
    };
    let mut done = Vec::new();
    for step in &steps {
        let lines = rotation.take(*step).await?;
        if ctx.out.format == Format::Table {
            lines.iter().try_for_each(|line| ctx.out.line(line))?;
        }
        done.extend(lines);
    }
    let after = look(ctx, &rotation.project).await?;
    report(ctx, args, &rotation.project, &steps, &after, &done)
}

/// What is to be done; an error where that must wait.
fn steps(
    ctx: &Context,
    args: &Args,
    project: &Project,
    look: &Look,
    interrupted: bool,
) -> Result<Vec<Step>> {
    if let Some(variable) = project.pair_in_environment() {
        let message =
            format!("`{variable}` of the environment beats the files, so nothing would change");
        return Err(Error::usage(message).hint(format!("unset {variable}")));
    }
    let wish = match (args.now, args.finish) {
        (true, _) => Wish::Now,
        (_, true) => Wish::Finish,
        _ => Wish::Rotate,
    };
    match decide(&Facts::of(look, ctx.clock.now(), interrupted), wish) {
        Ok(steps) => Ok(steps),
        Err(why) if wish == Wish::Finish => {
            ctx.out
                .say(format_args!("not yet: {}", in_words(ctx, project, why)));
            Ok(Vec::new())
        }
        Err(why) => Err(Error::failed(format!(
            "the rotation before is not over: {}",
            in_words(ctx, project, why)
        ))
        .hint("`urbania keys rotate --now` ends it at once, which interrupts calls")),
    }
}

fn in_words(ctx: &Context, project: &Project, why: NotOver) -> String {
    match why {
        NotOver::Tokens(until) => {
            let old = project.livekit.retiring().map_or("", |(pair, _)| &pair.key);
            let when = distance(until, ctx.clock.now());
            format!("tokens of `{old}` are good until {until:.0} ({when})")
        }
        NotOver::Somebody(who) => {
            format!("the SFU would have to start again, and {}", connected(who))
        }
    }
}

fn connected(participants: Option<u64>) -> String {
    match participants {
        Some(1) => "1 participant is connected".into(),
        Some(n) => format!("{n} participants are connected"),
        None => "it cannot be told who is connected".into(),
    }
}

/// Asks before calls are interrupted, and before somebody else's file gets another pair.
fn agree(ctx: &Context, args: &Args, project: &Project, steps: &[Step], look: &Look) -> Result<()> {
    let restarts = steps.contains(&Step::RestartSfu)
        || (args.now && steps.contains(&Step::Retire) && look.sfu != Sfu::Silent);
    let interrupts = restarts && !is_idle(look.sfu, look.participants);
    let adds = steps.contains(&Step::AddReserve);
    if args.yes || !(adds || interrupts || args.now) {
        return Ok(());
    }
    let mut what = Vec::new();
    if adds {
        what.push(format!(
            "{LIVEKIT_FILE} has no pair in reserve and gets one"
        ));
    }
    if restarts {
        what.push(format!(
            "the SFU has to start again: {}",
            connected(look.participants)
        ));
    }
    if args.now {
        let old = project
            .livekit
            .retiring()
            .map_or(project.key_pair(), |(pair, _)| pair);
        what.push(format!("tokens of `{}` are refused from then on", old.key));
    }
    let what = what.join("; ");
    match ctx.out.confirm(&format!("{what}. Go on?")) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::failed("nothing was changed")),
        None => Err(
            Error::usage(format!("{what}, and nobody is here to be asked"))
                .hint("--yes goes on without asking"),
        ),
    }
}

fn report(
    ctx: &Context,
    args: &Args,
    project: &Project,
    steps: &[Step],
    look: &Look,
    done: &[String],
) -> Result<()> {
    if ctx.out.format == Format::Json {
        return ctx.out.json(&json!({
            "dry_run": args.dry_run,
            "steps": steps,
            "done": done,
            "status": as_json(project, look),
        }));
    }
    if args.dry_run {
        for step in steps {
            ctx.out.line(format!("would {}", plan_line(*step, look)))?;
        }
    }
    if steps.is_empty() {
        ctx.out.say("nothing to do");
    }
    if look.stage != Stage::Ready && steps.contains(&Step::MoveOn) && !args.dry_run {
        ctx.out.say("backends that read their env file at their start alone must be started again before then");
        ctx.out.say("the old pair goes afterwards, when nobody is connected: while the API runs, by itself; else with the next `urbania up` or `urbania keys rotate --finish`");
    }
    Ok(())
}

fn plan_line(step: Step, look: &Look) -> String {
    match step {
        Step::AddReserve => format!("write a pair in reserve into {LIVEKIT_FILE}"),
        Step::RestartSfu => format!("restart the SFU: {}", connected(look.participants)),
        Step::MoveOn => "move the API and the env files to the pair in reserve".into(),
        Step::TellApis => "have the API take the pairs of livekit.yaml".into(),
        Step::Retire if look.sfu == Sfu::Silent => {
            "remove the old pair and draw a fresh reserve".into()
        }
        Step::Retire => format!(
            "remove the old pair, draw a fresh reserve and restart the SFU: {}",
            connected(look.participants)
        ),
    }
}

fn show(ctx: &Context, project: &Project, look: &Look) -> Result<()> {
    if ctx.out.format == Format::Json {
        return ctx.out.json(&as_json(project, look));
    }
    let mut table = Table::new(&["what", "how it is"]);
    let stage = match look.stage {
        Stage::NoReserve => "no pair is in reserve".into(),
        Stage::Ready => "ready for a rotation".into(),
        Stage::Moving => "interrupted: `urbania keys rotate --finish` goes on".into(),
        Stage::Overlap(until) => {
            let when = distance(until, ctx.clock.now());
            format!("tokens of the old pair are good until {until:.0} ({when})")
        }
    };
    table.row(["rotation", &stage]);
    for pair in &project.livekit.keys {
        let role = super::in_words(project.livekit.role(pair));
        table.row([format!("pair {}", pair.key), role]);
    }
    let sfu = match look.sfu {
        Sfu::Silent => "does not answer".into(),
        Sfu::Knows => format!("takes tokens of each; {}", connected(look.participants)),
        Sfu::Behind => format!(
            "refuses a pair: it must start again; {}",
            connected(look.participants)
        ),
    };
    table.row(["sfu", &sfu]);
    for (api, has) in &look.apis {
        let says = if *has {
            "has what the files say"
        } else {
            "has what the files said before"
        };
        table.row([format!("api (pid {})", api.pid()), says.into()]);
    }
    for file in &look.env_files {
        table.row([file.as_str(), "has another pair"]);
    }
    ctx.out.line(table)
}

fn as_json(project: &Project, look: &Look) -> Value {
    let livekit = &project.livekit;
    let stage = match look.stage {
        Stage::NoReserve => "no-reserve",
        Stage::Ready => "ready",
        Stage::Moving => "moving",
        Stage::Overlap(_) => "overlap",
    };
    let pair = |pair: &KeyPair| json!({"key": pair.key, "fingerprint": pair.fingerprint()});
    let apis = look.apis.iter();
    let apis: Vec<Value> = apis
        .map(|(api, has)| json!({"pid": api.pid(), "current": has}))
        .collect();
    json!({
        "stage": stage,
        "in_use": pair(project.key_pair()),
        "reserve": livekit.reserve().map(pair),
        "retiring": livekit.retiring().map(|(old, _)| role_of(livekit, old)),
        "sfu": { "url": look.base, "state": look.sfu, "participants": look.participants },
        "apis": apis,
        "env_files": look.env_files,
    })
}
