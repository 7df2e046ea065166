//! `urbania status`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::config::{EngineKind, Project, RunsOn, STATE_DIR};
use crate::context::Context;
use crate::engine::Engine;
use crate::engine::docker::Docker;
use crate::engine::processes::{Processes, folders};
use crate::error::{Error, Result};
use crate::host::files::same_folder;
use crate::host::refusal::quoted;
use crate::output::{BAD, BOLD, Format, GOOD, Table};
use crate::stack::apis::apis;
use crate::stack::orphans::{Lost, lost_in, lost_somewhere};
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
        tell_lost(ctx, &lost_somewhere().await);
        return verdict(&projects, true);
    }
    let project = Project::load(ctx)?;
    if env {
        return show_env(ctx, &project, args.reveal);
    }
    let site = Site::look(ctx, project, None).await?;
    let projects = [ProjectStatus::of(&site, &ctx.clock).await?];
    show(ctx, &projects, false)?;
    // What is lost has the ports of something that does not run.
    if !projects.iter().all(ProjectStatus::is_healthy) {
        tell_lost(ctx, &lost_in(&site.project.dir).await);
    }
    verdict(&projects, false)
}

/// What runs of a project although its state does not name it.
fn tell_lost(ctx: &Context, lost: &[Lost]) {
    for Lost { dir, service, pid } in lost {
        ctx.out.complain(format_args!(
            "{service}: process {pid} runs, and `{}` does not name it\n\
             {BOLD}hint{BOLD:#}: urbania down   ends it",
            dir.join(STATE_DIR).display()
        ));
    }
}

/// Every project that has a container on an engine, a process or an API.
async fn all(ctx: &Context) -> Result<Vec<ProjectStatus>> {
    let docker = match Docker::connect(&ctx.env).await {
        Ok(docker) => Some(docker),
        Err(e) => {
            if !Docker::is_absent(&ctx.env) {
                ctx.out
                    .complain(format_args!("containers are not shown: {e}"));
            }
            None
        }
    };
    let instances = match &docker {
        Some(docker) => docker.instances(None).await?,
        None => Vec::new(),
    };
    let mut dirs: BTreeMap<String, PathBuf> = BTreeMap::new();
    for dir in folders().await {
        let processes = Processes::of(&dir, &ctx.env).instances(None).await?;
        dirs.extend(processes.into_iter().map(|i| (i.project, i.dir)));
    }
    dirs.extend(instances.iter().map(|i| (i.project.clone(), i.dir.clone())));
    for api in apis(&ctx.env).await {
        if !dirs.values().any(|dir| same_folder(dir, &api.dir)) {
            dirs.insert(api.project, api.dir);
        }
    }
    let mut projects = Vec::new();
    for (name, dir) in dirs {
        let near = near(ctx, &name, &dir).await;
        projects.push(match near {
            Ok(status) => status,
            Err(e) => from_afar(ctx, docker.as_ref(), &name, &dir, e.to_string()).await,
        });
    }
    Ok(projects)
}

async fn near(ctx: &Context, name: &str, dir: &Path) -> Result<ProjectStatus> {
    let project = Project::load_from(dir, &ctx.env)?;
    if project.name != name {
        return Err(Error::failed(format!(
            "its folder is `{}` now",
            project.name
        )));
    }
    let site = Site::look(ctx, project, None).await?;
    ProjectStatus::of(&site, &ctx.clock).await
}

/// What can be told of a project whose files cannot be read.
async fn from_afar(
    ctx: &Context,
    docker: Option<&Docker>,
    name: &str,
    dir: &Path,
    problem: String,
) -> ProjectStatus {
    let remembered = RunsOn::of(dir).map(|runs_on| runs_on.engine);
    match (remembered, docker) {
        (Some(EngineKind::Docker) | None, Some(docker)) => {
            let engine = (EngineKind::Docker, docker as &dyn Engine);
            ProjectStatus::from_afar(engine, name, dir, problem).await
        }
        (kind, _) => {
            let processes = Processes::of(dir, &ctx.env);
            let kind = kind.unwrap_or(EngineKind::Docker);
            ProjectStatus::from_afar((kind, &processes), name, dir, problem).await
        }
    }
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
        heading.splice(0..0, ["project", "engine"]);
    }
    let mut table = Table::new(&heading);
    for project in projects {
        for service in &project.services {
            let mut row = row(service, ctx.clock.now());
            if all {
                let of = [project.project.clone(), project.engine.to_string()];
                row.splice(0..0, of);
            }
            table.row(row);
        }
    }
    ctx.out.line(table)?;
    if let ([project], false) = (projects, all) {
        ctx.out.line(format_args!("engine: {}", project.engine))?;
    }
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

/// `is_elsewhere`: they need not be in the folder that commands look at.
fn verdict(projects: &[ProjectStatus], is_elsewhere: bool) -> Result<()> {
    let wrong: Vec<_> = projects.iter().filter(|p| !p.is_fine()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let project = match &wrong[..] {
        [one] if is_elsewhere => format!(" --project {}", quoted(&one.dir.to_string_lossy())),
        _ if is_elsewhere => " --project DIR".to_owned(),
        _ => String::new(),
    };
    let names: Vec<_> = wrong.iter().map(|p| p.project.as_str()).collect();
    Err(
        Error::problem(format!("not everything is well in {}", names.join(", ")))
            .hint(format!("urbania up{project}   starts what is missing"))
            .hint(format!("urbania logs{project}   shows what they say")),
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
