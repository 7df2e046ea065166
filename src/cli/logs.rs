//! `urbania logs`.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::json;

use crate::config::Project;
use crate::context::Context;
use crate::engine::{Engine, LogLine, LogQuery};
use crate::error::Result;
use crate::output::{DIM, Format};
use crate::stack::api::ApiFiles;
use crate::stack::interrupt::Interrupt;
use crate::stack::last_words::Redactor;
use crate::stack::logs::merged;
use crate::stack::runner::Runner;
use crate::stack::service::Service;
use crate::stack::site::Site;
use crate::stack::watch::tell_ends;

use super::duration::duration;

/// Show the services' logs
///
/// With -o json, each line is a JSON object.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these: mongodb, livekit, api
    #[arg(value_name = "SERVICE")]
    services: Vec<Service>,
    /// Go on as lines are written
    #[arg(short, long)]
    follow: bool,
    /// The last so many lines of each service
    #[arg(short = 'n', long, value_name = "N")]
    tail: Option<usize>,
    /// Not older than this, such as 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    since: Option<Duration>,
    /// Show when each line was written
    #[arg(short, long)]
    timestamps: bool,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let project = Project::load(ctx)?;
    let services = Service::selected(&args.services, &project)?;
    // The API's log is a file.
    let runner = if services == [Service::Api] {
        None
    } else {
        Some(Runner::of(&project, &ctx.env).await?)
    };
    let engine = runner.as_ref().map(|runner| runner.engine.as_ref());
    let query = LogQuery {
        follow: args.follow,
        tail: args.tail,
        since: args.since.map(|ago| ctx.clock.now() - ago),
    };
    print(ctx, engine, &project, &services, &query, args.timestamps).await
}

/// Shows what the services write since `began`, and which of them ends, until somebody asks to stop.
pub async fn follow_until(
    ctx: &Context,
    site: &Site,
    services: &[Service],
    began: Timestamp,
    interrupt: &Interrupt,
) -> Result<()> {
    let query = LogQuery {
        follow: true,
        tail: None,
        since: Some(began),
    };
    let engine = Some(site.engine.as_ref());
    tokio::select! {
        done = print(ctx, engine, &site.project, services, &query, false) => done,
        none_left = tell_ends(ctx.out, site, services) => none_left,
        () = interrupt.requested() => Ok(()),
    }
}

async fn print(
    ctx: &Context,
    engine: Option<&dyn Engine>,
    project: &Project,
    services: &[Service],
    query: &LogQuery,
    timestamps: bool,
) -> Result<()> {
    let instances = match engine {
        Some(engine) => engine.instances(Some(&project.name)).await?,
        None => Vec::new(),
    };
    let log = ApiFiles::of(project).log;
    let mut lines = merged(engine, &project.name, &instances, log, services, query).await?;
    let redactor = Redactor::of(project);
    let mut is_empty = true;
    while let Some(line) = lines.next().await {
        let (service, line) = line?;
        is_empty = false;
        let text = redactor.clean(&line.text);
        if ctx.out.format == Format::Json {
            let at = line.at.map(|at| at.to_string());
            ctx.out
                .line(json!({"service": service, "at": at, "text": text}))?;
        } else {
            ctx.out.line(shown(service, &line, &text, timestamps))?;
        }
    }
    if is_empty && query.since.is_none() {
        ctx.out
            .say("nothing is logged here yet; `urbania up` starts the services");
    }
    Ok(())
}

fn shown(service: Service, line: &LogLine, text: &str, timestamps: bool) -> String {
    let color = color(service);
    let at = match line.at {
        Some(at) if timestamps => format!("{DIM}{at:.3}{DIM:#} "),
        _ => String::new(),
    };
    format!("{color}{service:7} |{color:#} {at}{text}")
}

fn color(service: Service) -> Style {
    match service {
        Service::Mongodb => AnsiColor::Green,
        Service::Livekit => AnsiColor::Cyan,
        Service::Api => AnsiColor::Magenta,
    }
    .on_default()
}
