//! The engine that runs a project: the one that is remembered, else the one asked for, else the best one
//! that is there.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::api::ApiFiles;
use super::service::Service;
use crate::config::{EngineChoice, EngineKind, Programs, Project, RunsOn};
use crate::context::{Context, Env};
use crate::engine::choice::{Offers, Pick, pick};
use crate::engine::docker::Docker;
use crate::engine::processes::Processes;
use crate::engine::programs::{self, Found, Places};
use crate::engine::{Containers as _, Engine};
use crate::error::{Error, Result};
use crate::host::files::{may_look_into, same_folder};

/// How long a container engine is waited for that need not be there.
const PATIENCE: Duration = Duration::from_secs(4);

/// An engine for a project.
pub struct Runner {
    /// Which one.
    pub runs_on: RunsOn,
    /// The engine itself.
    pub engine: Box<dyn Engine>,
    /// How it was picked, if nobody named it.
    pub pick: Option<Pick>,
}

impl Runner {
    /// The engine that a project runs on, or that `up` would take if it had all images.
    pub async fn of(project: &Project, env: &Env) -> Result<Self> {
        may_look_into(&project.state_dir())?;
        match project.engine() {
            Some(kind) => Self::named(kind, project, env).await,
            None => Self::picked(project, env, None).await,
        }
    }

    /// The engine that is to run a project, and of it `services`, or all if there are none. With `--pull never`,
    /// images `may_be_pulled` not.
    pub async fn to_start(
        project: &Project,
        env: &Env,
        choice: EngineChoice,
        services: &[Service],
        may_be_pulled: bool,
    ) -> Result<Self> {
        may_look_into(&project.state_dir())?;
        let remembered = project.runs_on.as_ref().map(|runs_on| runs_on.engine);
        match (remembered, choice.kind()) {
            (Some(kind), Some(other)) if other != kind => Err(runs_elsewhere(kind, other)),
            (Some(EngineKind::Native), _) | (None, Some(EngineKind::Native)) => {
                let programs = needed_programs(project, env, services)?;
                Ok(Self::processes(EngineKind::Native, programs, project, env))
            }
            (Some(kind), _) | (None, Some(kind)) => Self::named(kind, project, env).await,
            (None, None) => Self::picked(project, env, Some(may_be_pulled)).await,
        }
    }

    /// The engine of what is in `dir`, whose files need not be right.
    pub async fn in_folder(dir: &Path, project: Option<&Project>, env: &Env) -> Result<Self> {
        match (project, RunsOn::of(dir)) {
            (Some(project), _) => Self::of(project, env).await,
            (None, Some(runs_on)) if runs_on.engine != EngineKind::Docker => Ok(Self {
                runs_on,
                engine: Box::new(Processes::of(dir, env)),
                pick: None,
            }),
            (None, _) => Self::of_containers(env).await,
        }
    }

    /// The engine of containers, whatever a project runs on.
    pub async fn of_containers(env: &Env) -> Result<Self> {
        Ok(Self::docker(Docker::connect(env).await?))
    }

    /// From now on, the project is what it is on this engine.
    pub fn settle(&self, project: &mut Project) {
        project.runs_on = Some(self.runs_on.clone());
    }

    /// Which one.
    pub fn kind(&self) -> EngineKind {
        self.runs_on.engine
    }

    async fn named(kind: EngineKind, project: &Project, env: &Env) -> Result<Self> {
        let programs = match kind {
            EngineKind::Docker => return Self::of_containers(env).await,
            // What is missing is told when it is to be started.
            EngineKind::Native => find(project, env).programs,
            EngineKind::Embedded => Programs::default(),
        };
        Ok(Self::processes(kind, programs, project, env))
    }

    /// `may_be_pulled`: whether that images are missing can be helped; `None`: they are not looked for.
    async fn picked(project: &Project, env: &Env, may_be_pulled: Option<bool>) -> Result<Self> {
        let asked = timeout(PATIENCE, Docker::connect(env)).await;
        let docker = match asked {
            Ok(Ok(docker)) => offered(&docker, project, may_be_pulled)
                .await
                .map(|name| (docker, name)),
            Ok(Err(e)) => Err(e.to_string()),
            Err(_) => Err("the Docker engine does not answer in time".to_owned()),
        };
        let found = match &docker {
            Ok(_) => Found::default(),
            Err(_) => find(project, env),
        };
        let offers = Offers {
            docker: match &docker {
                Ok((_, name)) => Ok(name.clone()),
                Err(why) => Err(why.clone()),
            },
            native: match found.missing() {
                None => Ok(there(&found.programs)),
                Some(missing) => Err(missing.to_owned()),
            },
        };
        let pick = pick(&offers);
        let runner = match docker {
            Ok((docker, _)) => Self::docker(docker),
            Err(_) => Self::processes(pick.kind, found.programs, project, env),
        };
        Ok(Self {
            pick: Some(pick),
            ..runner
        })
    }

    fn docker(docker: Docker) -> Self {
        Self {
            runs_on: RunsOn::on(EngineKind::Docker),
            engine: Box::new(docker),
            pick: None,
        }
    }

    fn processes(kind: EngineKind, programs: Programs, project: &Project, env: &Env) -> Self {
        Self {
            runs_on: RunsOn {
                engine: kind,
                programs,
            },
            engine: Box::new(Processes::of(&project.dir, env)),
            pick: None,
        }
    }

    /// Says which engine was picked, if nobody named it.
    pub fn announce(&self, ctx: &Context) {
        if let Some(pick) = &self.pick {
            ctx.out.say(pick.line());
        }
    }
}

/// Whether the engine will do, and what it calls itself.
async fn offered(
    docker: &Docker,
    project: &Project,
    may_be_pulled: Option<bool>,
) -> Result<String, String> {
    let facts = docker.facts().await.map_err(|e| e.to_string())?;
    let name = format!("{} {}", facts.product, facts.version);
    let Some(may_be_pulled) = may_be_pulled else {
        return Ok(name);
    };
    let images = &project.settings.images;
    let mut wanted = vec![&images.livekit];
    wanted.extend(project.runs_mongodb().then_some(&images.mongodb));
    for image in wanted {
        if docker.has_image(image).await.map_err(|e| e.to_string())? {
            continue;
        }
        let lacks = |why: &str| format!("{name} lacks `{image}` and {why}");
        if !may_be_pulled {
            return Err(lacks("--pull never forbids to fetch it"));
        }
        if let Err(e) = docker.can_pull(image).await {
            tracing::info!("no image `{image}`: {e}");
            return Err(lacks("cannot get it"));
        }
    }
    Ok(name)
}

/// The programs of the native engine, and what is missing.
fn find(project: &Project, env: &Env) -> Found {
    let places = Places {
        settings: &project.settings.programs,
        dir: &project.dir,
        remembered: project.runs_on.as_ref().map(|runs_on| &runs_on.programs),
        env,
    };
    programs::find(&places, project.settings.services.mongodb.enabled)
}

fn there(programs: &Programs) -> String {
    let paths = [&programs.livekit, &programs.mongodb].into_iter().flatten();
    let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    let verb = if paths.len() == 1 { "is" } else { "are" };
    format!("{} {verb} there", paths.join(" and "))
}

/// Programs that are to be started must be there.
fn needed_programs(project: &Project, env: &Env, services: &[Service]) -> Result<Programs> {
    let mut found = find(project, env);
    let starts = |service| services.is_empty() || services.contains(&service);
    found.no_livekit.take_if(|_| !starts(Service::Livekit));
    found.no_mongodb.take_if(|_| !starts(Service::Mongodb));
    match found.missing() {
        None => Ok(found.programs),
        Some(missing) => Err(lacks(missing)),
    }
}

fn lacks(missing: &str) -> Error {
    Error::failed(format!("the native engine lacks a program: {missing}"))
        .hint("install it, or name it in urbania.yaml under `programs:`")
        .hint("without MongoDB: urbania.yaml: services: {mongodb: {enabled: false}}")
        .hint("without LiveKit's server: urbania up --engine embedded")
}

/// Forgets the engine of the project in `dir` if nothing of it is there any more.
pub async fn forget_if_nothing_is_left(engine: &dyn Engine, dir: &Path) -> Result<()> {
    let (instances, api) = tokio::try_join!(engine.instances(None), async {
        ApiFiles::at(dir).seen().await
    })?;
    if api.is_some() || instances.iter().any(|i| same_folder(&i.dir, dir)) {
        return Ok(());
    }
    RunsOn::forget(dir)
}

fn runs_elsewhere(kind: EngineKind, other: EngineKind) -> Error {
    Error::failed(format!(
        "this project runs on the engine `{kind}`, not on `{other}`"
    ))
    .hint(format!("urbania down, then urbania up --engine {other}"))
}
