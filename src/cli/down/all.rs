//! `urbania down --all`: every project that an engine knows or of which a process runs, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::iter::successors;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Args, agree, lock, records};
use crate::config::{EngineKind, Project, RunsOn};
use crate::context::Context;
use crate::engine::docker::Docker;
use crate::engine::processes::{Processes, folders as folders_of_processes};
use crate::engine::{Engine, Instance, Volume};
use crate::error::{Error, Result};
use crate::host::files::same_folder;
use crate::host::lock::ProjectLock;
use crate::output::BAD;
use crate::stack::api::ApiFiles;
use crate::stack::apis::{FoundApi, apis, name_of};
use crate::stack::down::Down;
use crate::stack::orphans::{Lost, lost_somewhere};
use crate::stack::runner::forget_if_nothing_is_left;

/// What is to be stopped of a project, and the engine that it runs on.
struct Job {
    down: Down,
    engine: Arc<dyn Engine>,
}

/// Stops every project that has a container, a volume, a process or an API. One that fails does not save
/// the others.
pub(super) async fn all(ctx: &Context, args: &Args) -> Result<()> {
    let apis = apis(&ctx.env).await;
    let mut jobs = of_processes(ctx, args, &apis).await?;
    let rest = apis.into_iter();
    let rest: Vec<FoundApi> = rest
        .filter(|api| !jobs.iter().any(|job| same_folder(&job.down.dir, &api.dir)))
        .collect();
    let silent = match Docker::connect(&ctx.env).await {
        Ok(docker) => {
            jobs.extend(of_containers(args, Arc::new(docker), &rest).await?);
            None
        }
        // Of no project is anything left that would need one.
        Err(e) if rest.is_empty() => {
            if !Docker::is_absent(&ctx.env) {
                ctx.out
                    .complain(format_args!("containers are not looked for: {e}"));
            }
            None
        }
        Err(e) => Some(e),
    };
    add_lost(ctx, &mut jobs, lost_somewhere().await);
    jobs.retain(|job| !job.down.is_empty());
    match (silent, args.dry_run) {
        (Some(e), true) => Err(e),
        (None, true) => {
            let steps: Vec<_> = jobs.iter().flat_map(|job| job.down.steps()).collect();
            super::super::up::show_plan(ctx, &steps)
        }
        (Some(e), false) => {
            stop(ctx, args, &jobs).await?;
            without_engine(ctx, &rest, e).await
        }
        (None, false) if jobs.is_empty() => {
            ctx.out.say("nothing runs");
            Ok(())
        }
        (None, false) => stop(ctx, args, &jobs).await,
    }
}

async fn stop(ctx: &Context, args: &Args, jobs: &[Job]) -> Result<()> {
    agree(ctx, args, jobs.iter().map(|job| &job.down))?;
    let mut failures = Vec::new();
    for Job { down, engine } in jobs {
        ctx.out.say(format_args!("project {}", down.project));
        if let Err(e) = one(ctx, engine.as_ref(), down).await {
            ctx.out
                .complain(format_args!("{BAD}failed{BAD:#}: {}", in_full(&e)));
            failures.push((down.project.as_str(), e));
        }
    }
    verdict(&failures, jobs.len())
}

/// The projects of which a process runs, or whose API does and that have no containers.
async fn of_processes(ctx: &Context, args: &Args, apis: &[FoundApi]) -> Result<Vec<Job>> {
    let mut dirs = folders_of_processes().await;
    let runs_on_processes =
        |dir: &PathBuf| RunsOn::of(dir).is_some_and(|r| r.engine != EngineKind::Docker);
    dirs.extend(
        apis.iter()
            .map(|api| api.dir.clone())
            .filter(runs_on_processes),
    );
    let mut jobs = Vec::new();
    for dir in dirs {
        let engine: Arc<dyn Engine> = Arc::new(Processes::of(&dir, &ctx.env));
        let (instances, volumes) = tokio::try_join!(engine.instances(None), engine.volumes(None))?;
        let mut names: BTreeSet<&str> = instances.iter().map(|i| i.project.as_str()).collect();
        let of_api = apis.iter().find(|api| same_folder(&api.dir, &dir));
        if names.is_empty() {
            names.extend(of_api.map(|api| api.project.as_str()));
        }
        // There is one in the folder, whatever the project was called when it was started.
        let mut api = of_api.map(|api| api.pid);
        let mut records = records(&dir, &[]);
        for name in names {
            let mut down = Down::new(name, &dir, &[], &instances, api.take());
            if args.volumes {
                down.volumes = (volumes.iter().filter(|v| v.project == name).cloned()).collect();
                down.records = std::mem::take(&mut records);
            }
            let engine = Arc::clone(&engine);
            jobs.push(Job { down, engine });
        }
    }
    Ok(jobs)
}

/// The projects that the engine of containers knows, and those of which only the API is left.
async fn of_containers(args: &Args, engine: Arc<Docker>, apis: &[FoundApi]) -> Result<Vec<Job>> {
    let (instances, volumes) = tokio::try_join!(engine.instances(None), engine.volumes(None))?;
    let mut downs = Vec::new();
    for (name, dir) in folders(&instances, &volumes) {
        // What cannot be read now is told when the project's turn comes.
        let api = api(&dir).await.unwrap_or_default();
        let mut down = Down::new(name, &dir, &[], &instances, api);
        if args.volumes {
            down.volumes = (volumes.iter().filter(|v| v.project == name).cloned()).collect();
        }
        downs.push(down);
    }
    add_apis(&mut downs, apis);
    if args.volumes {
        for down in downs
            .iter_mut()
            .filter(|down| !down.dir.as_os_str().is_empty())
        {
            down.records = records(&down.dir, &[]);
        }
    }
    let job = |down| Job {
        down,
        engine: Arc::<Docker>::clone(&engine),
    };
    Ok(downs.into_iter().map(job).collect())
}

/// Adds the projects of which the engine knows nothing.
fn add_apis(downs: &mut Vec<Down>, apis: &[FoundApi]) {
    for found in apis {
        if !downs.iter().any(|down| same_folder(&down.dir, &found.dir)) {
            downs.push(Down {
                project: found.project.clone(),
                dir: found.dir.clone(),
                api: Some(found.pid),
                ..Down::default()
            });
        }
    }
}

/// Adds the processes that their projects have lost: to these, or as projects of which nothing else is left.
fn add_lost(ctx: &Context, jobs: &mut Vec<Job>, lost: Vec<Lost>) {
    for process in lost {
        let its = |job: &&mut Job| same_folder(&job.down.dir, &process.dir);
        if let Some(job) = jobs.iter_mut().find(its) {
            job.down.lost.push(process);
            continue;
        }
        let dir = process.dir.clone();
        jobs.push(Job {
            engine: Arc::new(Processes::of(&dir, &ctx.env)),
            down: Down {
                project: name_of(&dir, &ctx.env),
                dir,
                lost: vec![process],
                ..Down::default()
            },
        });
    }
}

/// The APIs need no engine to stop; the rest has to wait for one.
async fn without_engine(ctx: &Context, apis: &[FoundApi], e: Error) -> Result<()> {
    for FoundApi { project, dir, .. } in apis {
        let stop = async {
            let _lock = lock(ctx, dir, false).await?;
            ApiFiles::at(dir).stop().await
        };
        match stop.await {
            Ok(_) => ctx.out.say(format_args!(
                "project {project}: api is stopped; the containers need the engine"
            )),
            Err(e) => ctx.out.complain(format_args!(
                "project {project}: {BAD}failed{BAD:#}: {}",
                in_full(&e)
            )),
        }
    }
    Err(e)
}

/// The projects and their folders. A folder that is no more, or was never told, is empty: there is
/// nothing in it to lock or to stop.
fn folders<'a>(instances: &'a [Instance], volumes: &'a [Volume]) -> BTreeMap<&'a str, PathBuf> {
    let told = instances.iter().map(|i| (&i.project, &i.dir));
    let told = told.chain(volumes.iter().map(|v| (&v.project, &v.dir)));
    let mut folders: BTreeMap<&str, PathBuf> = BTreeMap::new();
    for (project, dir) in told {
        let folder = folders.entry(project).or_default();
        if folder.as_os_str().is_empty() && dir.is_absolute() && dir.is_dir() {
            folder.clone_from(dir);
        }
    }
    folders
}

/// The process of the API of the project in `dir`, if that is known.
async fn api(dir: &Path) -> Result<Option<u32>> {
    if dir.as_os_str().is_empty() {
        return Ok(None);
    }
    super::api(dir).await
}

/// Stops a project when nobody else is at work on it: what is there then, and of the data no more
/// than was agreed to.
async fn one(ctx: &Context, engine: &dyn Engine, agreed: &Down) -> Result<()> {
    let (name, dir) = (&agreed.project, &agreed.dir);
    let lock = lock(ctx, dir, dir.as_os_str().is_empty()).await?;
    if lock.as_ref().is_some_and(ProjectLock::was_abandoned) {
        engine.recover(name).await?;
    }
    let instances = engine.instances(Some(name)).await?;
    let down = Down {
        lost: agreed.lost.clone(),
        volumes: agreed.volumes.clone(),
        records: agreed.records.clone(),
        ..Down::new(name, dir, &[], &instances, api(dir).await?)
    };
    down.apply(ctx, engine, project_in(dir, name, ctx).as_ref())
        .await?;
    if dir.as_os_str().is_empty() {
        return Ok(());
    }
    forget_if_nothing_is_left(engine, dir).await
}

/// The files of a project, if they are still those of this one.
fn project_in(dir: &Path, name: &str, ctx: &Context) -> Option<Project> {
    // The empty path would be the current folder.
    let known = (!dir.as_os_str().is_empty()).then_some(dir)?;
    let project = Project::load_from(known, &ctx.env).ok()?;
    (project.name == name).then_some(project)
}

fn in_full(e: &Error) -> String {
    let causes = successors(Some(e as &dyn StdError), |&e| e.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn verdict(failures: &[(&str, Error)], all: usize) -> Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = failures
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let error = Error::failed(format!(
        "{} of {all} projects could not be stopped: {}",
        failures.len(),
        names.join(", ")
    ));
    let mut hints: Vec<&String> = failures.iter().flat_map(|(_, e)| e.hints()).collect();
    hints.dedup();
    Err(hints.into_iter().fold(error, Error::hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Form, State};

    fn instance(project: &str, dir: &Path) -> Instance {
        Instance {
            id: "0123".into(),
            name: "box".into(),
            project: project.into(),
            service: "livekit".into(),
            dir: dir.into(),
            form: Form::Container { image: "i".into() },
            config: "c".into(),
            state: State::Running,
        }
    }

    fn volume(project: &str, dir: &Path) -> Volume {
        Volume {
            name: "data".into(),
            project: project.into(),
            dir: dir.into(),
        }
    }

    #[test]
    fn a_project_is_found_by_its_containers_or_its_data_and_only_where_it_is() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let instances = [
            instance("blog", one.path()),
            instance("moved", Path::new("/gone")),
        ];
        let volumes = [
            volume("data", two.path()),
            volume("moved", two.path()),
            volume("untold", Path::new("")),
            volume("relative", Path::new(".")),
        ];
        let found: Vec<_> = folders(&instances, &volumes).into_iter().collect();
        assert_eq!(
            found,
            [
                ("blog", one.path().to_owned()),
                ("data", two.path().to_owned()),
                ("moved", two.path().to_owned()),
                ("relative", PathBuf::new()),
                ("untold", PathBuf::new()),
            ]
        );
    }

    #[test]
    fn an_api_is_a_project_of_its_own_unless_its_folder_is_there_already() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let api = |project: &str, dir: &Path, pid| FoundApi {
            project: project.into(),
            dir: dir.into(),
            pid,
        };
        let mut downs = vec![Down::new("blog", one.path(), &[], &[], Some(1))];
        add_apis(
            &mut downs,
            &[
                api("blog", &one.path().join("."), 1),
                api("shop", two.path(), 2),
            ],
        );
        let found: Vec<_> = downs.iter().map(|d| (d.project.as_str(), d.api)).collect();
        assert_eq!(found, [("blog", Some(1)), ("shop", Some(2))]);
    }
}
