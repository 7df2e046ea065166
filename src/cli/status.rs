//! `urbania status`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::config::Project;
use crate::context::Context;
use crate::engine::Engine;
use crate::engine::docker::Docker;
use crate::error::{Error, Result};
use crate::output::{BAD, Format, GOOD, Table};
use crate::stack::apis::apis;
use crate::stack::site::Site;
use crate::stack::status::{ProjectStatus, ServiceStatus};

/// Show what runs, where, and how well
///
/// Exits with 3 when something is wrong: a service that is not healthy, or one that is missing
/// while others run. A project that is stopped as a whole is not wrong.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Every project on this machine, from anywhere
    #[arg(long)]
    all: bool,
    /// With -o env, show secrets too
    #[arg(long)]
    reveal: bool,
}

/// Runs the command. `env`: what a backend needs, as lines of an env file.
pub async fn run(ctx: &Context, args: Args, env: bool) -> Result<()> {
    if args.all {
        let projects = all(ctx).await?;
        show(ctx, &projects, true)?;
        return verdict(&projects);
    }
    let project = Project::load(ctx)?;
    if env {
        return show_env(ctx, &project, args.reveal);
    }
    let site = Site::look(ctx, project, None).await?;
    let projects = [ProjectStatus::of(&site, &ctx.clock).await?];
    show(ctx, &projects, false)?;
    verdict(&projects)
}

/// Every project that has a container on the engine, or an API.
async fn all(ctx: &Context) -> Result<Vec<ProjectStatus>> {
    let engine = Docker::connect(&ctx.env).await?;
    let instances = engine.instances(None).await?;
    let apis = apis(&ctx.env).await;
    let apis = apis
        .iter()
        .map(|api| (api.project.as_str(), api.dir.clone()));
    let dirs: BTreeMap<&str, PathBuf> = apis
        .chain(
            instances
                .iter()
                .map(|i| (i.project.as_str(), i.dir.clone())),
        )
        .collect();
    let mut projects = Vec::new();
    for (name, dir) in dirs {
        let near = async {
            let project = Project::load_from(&dir, &ctx.env)?;
            if project.name != name {
                return Err(Error::failed(format!(
                    "its folder is `{}` now",
                    project.name
                )));
            }
            let site = Site::look(ctx, project, None).await?;
            ProjectStatus::of(&site, &ctx.clock).await
        };
        projects.push(match near.await {
            Ok(status) => status,
            Err(e) => ProjectStatus::from_afar(&engine, name, &instances, e.to_string()).await,
        });
    }
    Ok(projects)
}

fn show(ctx: &Context, projects: &[ProjectStatus], all: bool) -> Result<()> {
    if ctx.out.format == Format::Json {
        return match projects {
            [project] if !all => ctx.out.json(project),
            projects => ctx.out.json(&projects),
        };
    }
    if projects.is_empty() {
        ctx.out.say("no project runs on this machine");
        return Ok(());
    }
    let mut heading = vec!["service", "status", "since", "where", "instance", "detail"];
    if all {
        heading.insert(0, "project");
    }
    let mut table = Table::new(&heading);
    for project in projects {
        for service in &project.services {
            let mut row = row(service, ctx.clock.now());
            if all {
                row.insert(0, project.project.clone());
            }
            table.row(row);
        }
    }
    ctx.out.line(table)?;
    for project in projects {
        if let Some(problem) = &project.problem {
            ctx.out
                .complain(format_args!("{}: {problem}", project.project));
        }
    }
    Ok(())
}

fn row(service: &ServiceStatus, now: Timestamp) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        service.service.clone(),
        shown(service),
        service.since.map(|at| age(at, now)).unwrap_or_default(),
        text(&service.address),
        text(&service.instance),
        text(&service.detail),
    ]
}

fn shown(service: &ServiceStatus) -> String {
    match service.health {
        Some("healthy") => format!("{GOOD}healthy{GOOD:#}"),
        Some(health) => format!("{BAD}{health}{BAD:#}"),
        None => service.state.clone(),
    }
}

/// `12s`, `5m`, `3h`, `2d`: one unit is enough to see what is new.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..=99 => format!("{seconds}s"),
        100..=5_999 => format!("{}m", seconds / 60),
        6_000..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn verdict(projects: &[ProjectStatus]) -> Result<()> {
    let wrong: Vec<&str> = projects
        .iter()
        .filter(|p| !p.is_fine())
        .map(|p| p.project.as_str())
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(
        Error::problem(format!("not everything is well in {}", wrong.join(", ")))
            .hint("urbania up   starts what is missing")
            .hint("urbania logs   shows what they say"),
    )
}

fn show_env(ctx: &Context, project: &Project, reveal: bool) -> Result<()> {
    let pair = project.key_pair();
    ctx.out.line(format!("LIVEKIT_URL={}", project.sfu_url()))?;
    ctx.out.line(format!("LIVEKIT_API_KEY={}", pair.key))?;
    let api = crate::stack::health::api::base_url(project.settings.api.listen);
    ctx.out.line(format!("URBANIA_API_URL={api}"))?;
    if reveal {
        let secret = pair.secret.expose_secret();
        ctx.out.line(format!("LIVEKIT_API_SECRET={secret}"))?;
        if let Some(uri) = project.mongodb_uri() {
            ctx.out
                .line(format!("MONGODB_URI={}", uri.expose_secret()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        let ago = |seconds| age(now - jiff::SignedDuration::from_secs(seconds), now);
        assert_eq!(ago(5), "5s");
        assert_eq!(ago(300), "5m");
        assert_eq!(ago(7_200), "2h");
        assert_eq!(ago(259_200), "3d");
    }
}
