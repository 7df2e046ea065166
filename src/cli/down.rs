//! `urbania down`.

mod all;

use std::path::{Path, PathBuf};

use crate::config::{Project, STATE_DIR};
use crate::context::Context;
use crate::engine::{Engine, Instance, Volume};
use crate::error::{Error, Result};
use crate::host::files::{is_gone, same_folder};
use crate::host::lock::ProjectLock;
use crate::host::process::Stopped;
use crate::stack::api::ApiFiles;
use crate::stack::down::{Down, end};
use crate::stack::orphans::{Lost, lost_in};
use crate::stack::runner::{Runner, forget_if_nothing_is_left};
use crate::stack::service::Service;
use crate::store;

/// Stop everything; data stays
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Args {
    /// Only these: mongodb, livekit, api
    #[arg(value_name = "SERVICE")]
    services: Vec<Service>,
    /// Delete the data too, MongoDB's and that of `.urbania/urbania.db`, after asking
    #[arg(long)]
    volumes: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Every project on this machine, from anywhere
    #[arg(long, conflicts_with = "services")]
    all: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    if args.all {
        return all::all(ctx, &args).await;
    }
    let dir = Project::find(ctx)?;
    let lock = lock(ctx, &dir, args.dry_run).await?;
    let loaded = Project::load_from(&dir, &ctx.env);
    let runner = Runner::in_folder(&dir, loaded.as_ref().ok(), &ctx.env).await;
    let engine = match runner {
        Ok(runner) => runner.engine,
        Err(e) => return without_engine(ctx, &dir, &args, e).await,
    };
    let engine = engine.as_ref();
    let abandoned = lock.as_ref().is_some_and(ProjectLock::was_abandoned);
    if let (Ok(project), true) = (&loaded, abandoned) {
        engine.recover(&project.name).await?;
    }
    let (mut names, instances) = identify(engine, &dir, loaded.as_ref()).await?;
    let mut lost = lost(&dir, &args.services).await;
    if names.is_empty() {
        if lost.is_empty() && api(&dir).await?.is_none() {
            // Nothing runs, and the files do not even say what it would be.
            return loaded.map(drop);
        }
        let folder = dir.file_name().unwrap_or_default();
        names.push(folder.to_string_lossy().into_owned());
    }
    let mut downs = Vec::new();
    for name in names {
        let mut down = plan(&dir, &name, &args.services, &instances).await?;
        if args.volumes {
            down.volumes = volumes(engine, &dir, &name, &args.services).await?;
            down.records = records(&dir, &args.services);
        }
        down.lost = std::mem::take(&mut lost);
        // There is one in the folder, whatever the project was called when it was started.
        if !downs.is_empty() {
            down.api = None;
            down.records.clear();
        }
        downs.push(down);
    }
    downs.retain(|down| !down.is_empty());
    carry_out(ctx, engine, &args, &downs, loaded.as_ref().ok()).await?;
    if args.dry_run {
        return Ok(());
    }
    forget_if_nothing_is_left(engine, &dir).await
}

/// Stops `services` of a project whose files are known: the end of `up --foreground`.
pub async fn project(ctx: &Context, project: &Project, services: &[Service]) -> Result<()> {
    let _lock = lock(ctx, &project.dir, false).await?;
    let engine = Runner::of(project, &ctx.env).await?.engine;
    let instances = engine.instances(Some(&project.name)).await?;
    let down = plan(&project.dir, &project.name, services, &instances).await?;
    down.apply(ctx, engine.as_ref(), Some(project)).await?;
    forget_if_nothing_is_left(engine.as_ref(), &project.dir).await
}

async fn lock(ctx: &Context, dir: &Path, dry_run: bool) -> Result<Option<ProjectLock>> {
    if dry_run {
        return Ok(None);
    }
    ProjectLock::acquire(&dir.join(STATE_DIR), "urbania down", &ctx.out)
        .await
        .map(Some)
}

/// The API needs no engine to stop; the rest has to wait for one.
async fn without_engine(ctx: &Context, dir: &Path, args: &Args, e: Error) -> Result<()> {
    if !args.dry_run {
        end(ctx, &lost(dir, &args.services).await).await?;
    }
    let concerned = args.services.is_empty() || args.services.contains(&Service::Api);
    let api = ApiFiles::at(dir);
    if concerned && !args.dry_run && api.stop().await? != Stopped::Gone {
        ctx.out
            .say("api is stopped; the containers need the engine");
    }
    Err(e)
}

/// What the project is called, and its instances. Those that were made from its folder count
/// whatever it was called then, also when its files cannot be read.
async fn identify(
    engine: &dyn Engine,
    dir: &Path,
    loaded: Result<&Project, &Error>,
) -> Result<(Vec<String>, Vec<Instance>)> {
    let mut names: Vec<String> = loaded.iter().map(|project| project.name.clone()).collect();
    let mut instances = engine.instances(None).await?;
    instances
        .retain(|i| same_folder(&i.dir, dir) || (names.contains(&i.project) && is_gone(&i.dir)));
    for instance in &instances {
        if !names.contains(&instance.project) {
            names.push(instance.project.clone());
        }
    }
    Ok((names, instances))
}

async fn plan(dir: &Path, name: &str, services: &[Service], there: &[Instance]) -> Result<Down> {
    Ok(Down::new(name, dir, services, there, api(dir).await?))
}

/// The process of the API of the project in `dir`.
async fn api(dir: &Path) -> Result<Option<u32>> {
    let seen = ApiFiles::at(dir).seen().await?;
    Ok(seen.map(|api| api.pid))
}

/// The processes of `services` that the state of the project in `dir` does not name.
async fn lost(dir: &Path, services: &[Service]) -> Vec<Lost> {
    let mut lost = lost_in(dir).await;
    lost.retain(|lost| services.is_empty() || services.iter().any(|s| s.as_str() == lost.service));
    lost
}

/// The volumes of a project, if the service that they belong to is meant.
async fn volumes(
    engine: &dyn Engine,
    dir: &Path,
    name: &str,
    services: &[Service],
) -> Result<Vec<Volume>> {
    if !services.is_empty() && !services.contains(&Service::Mongodb) {
        return Ok(Vec::new());
    }
    let mut volumes = engine.volumes(Some(name)).await?;
    volumes.retain(|v| same_folder(&v.dir, dir) || is_gone(&v.dir));
    Ok(volumes)
}

/// The files of the store, if the service that uses them is meant.
fn records(dir: &Path, services: &[Service]) -> Vec<PathBuf> {
    if !services.is_empty() && !services.contains(&Service::Api) {
        return Vec::new();
    }
    store::files(&dir.join(STATE_DIR))
}

async fn carry_out(
    ctx: &Context,
    engine: &dyn Engine,
    args: &Args,
    downs: &[Down],
    project: Option<&Project>,
) -> Result<()> {
    if args.dry_run {
        let steps: Vec<_> = downs.iter().flat_map(Down::steps).collect();
        return super::up::show_plan(ctx, &steps);
    }
    if downs.is_empty() {
        ctx.out.say("nothing runs");
        return Ok(());
    }
    agree(ctx, args, downs)?;
    for down in downs {
        let its = project.filter(|project| project.name == down.project);
        down.apply(ctx, engine, its).await?;
    }
    Ok(())
}

/// Data is deleted only with consent.
fn agree<'a>(ctx: &Context, args: &Args, downs: impl IntoIterator<Item = &'a Down>) -> Result<()> {
    let names: Vec<String> = downs.into_iter().flat_map(data).collect();
    if names.is_empty() || args.yes {
        return Ok(());
    }
    let question = format!("Delete all data in {}?", names.join(", "));
    match ctx.out.confirm(&question) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::failed("nothing was stopped or deleted")),
        None => Err(
            Error::usage("--volumes deletes data, and nobody is here to be asked")
                .hint("--yes deletes without asking"),
        ),
    }
}

/// What holds the data that is deleted.
fn data(down: &Down) -> impl Iterator<Item = String> {
    let volumes = down.volumes.iter().map(|v| v.name.clone());
    volumes.chain(down.records.first().map(|file| file.display().to_string()))
}
