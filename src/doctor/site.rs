//! What the checks look at, gathered once for all of them.

use std::net::SocketAddr;

use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::check::Blind;
use super::ice::visited;
use super::keys::running::{Backend, backends};
use super::seen::{EngineSeen, PATIENCE, SfuSeen};
use crate::config::{Effective, EngineKind, Machine, NetworkMode, Project, effective};
use crate::context::Context;
use crate::engine::Instance;
use crate::error::{Error, Result};
use crate::host::claims::Ours;
use crate::host::files::{is_gone, same_folder};
use crate::participant::{Report, VisitError};
use crate::stack::api::ApiFiles;
use crate::stack::network::expected;
use crate::stack::ours::ours;
use crate::stack::plan::{ApiSeen, Plan, Seen};
use crate::stack::reach::sfu_base;
use crate::stack::service::Service;
use crate::stack::wanted::{Means, wanted};

/// Everything that is there, or why it is not.
pub struct Site {
    /// What the command was given.
    pub ctx: Context,
    project: Result<Project>,
    engine: Result<EngineSeen>,
    sfu: Result<SfuSeen, Blind>,
    expected: Option<Expected>,
    api: Option<ApiSeen>,
    ours: Ours,
    backends: OnceCell<Vec<Backend>>,
    visit: OnceCell<Result<Report, VisitError>>,
}

/// What `up` would go by.
struct Expected {
    machine: Machine,
    effective: Effective,
    webhook_listen: Option<SocketAddr>,
}

impl Site {
    /// Looks at everything once.
    pub async fn gather(ctx: &Context) -> Self {
        let mut project = Project::load(ctx);
        let (engine, machine) = tokio::join!(
            async {
                timeout(PATIENCE, EngineSeen::look(ctx, project.as_ref().ok()))
                    .await
                    .unwrap_or_else(|_| Err(Error::failed("the engine does not answer in time")))
            },
            async {
                let project = project.as_ref().ok()?;
                Some(expected(project, None, &ctx.env).await)
            }
        );
        if let (Ok(project), Ok(seen)) = (&mut project, &engine) {
            project.runs_on = Some(seen.runs_on.clone());
        }
        let sfu = match &project {
            Ok(project) => {
                let engine = engine.as_ref().ok();
                SfuSeen::look(ctx, &sfu_base(project, engine.and_then(EngineSeen::facts))).await
            }
            Err(_) => Err(no_project()),
        };
        let expected = project.as_ref().ok().zip(machine);
        let api = match &project {
            Ok(project) => ApiFiles::of(project).seen().await.ok().flatten(),
            Err(_) => None,
        };
        let ours = match &project {
            Ok(project) => {
                let instances = engine.as_ref().map_or(&[][..], |seen| &seen.instances);
                ours(project, api.as_ref(), instances).await
            }
            Err(_) => Ours::default(),
        };
        Self {
            ctx: ctx.clone(),
            expected: expected.map(|(project, network)| Expected {
                effective: effective(project, &network.machine),
                machine: network.machine,
                webhook_listen: network.way.listen,
            }),
            ours,
            api,
            project,
            engine,
            sfu,
            backends: OnceCell::new(),
            visit: OnceCell::new(),
        }
    }

    /// The project.
    pub fn project(&self) -> Result<&Project, Blind> {
        self.project.as_ref().map_err(|_| no_project())
    }

    /// Why there is no project, if there is none.
    pub fn project_error(&self) -> Option<&Error> {
        self.project.as_ref().err()
    }

    /// The engine.
    pub fn engine(&self) -> Result<&EngineSeen, Blind> {
        self.engine
            .as_ref()
            .map_err(|_| Blind::because("no engine answers"))
    }

    /// Why there is no engine, if there is none.
    pub fn engine_error(&self) -> Option<&Error> {
        self.engine.as_ref().err()
    }

    /// The SFU that answers on the project's port.
    pub fn sfu(&self) -> Result<&SfuSeen, Blind> {
        self.sfu.as_ref().map_err(Clone::clone)
    }

    /// Where this machine reaches the SFU, whether it is there or not.
    pub fn base(&self) -> Result<String, Blind> {
        Ok(sfu_base(
            self.project()?,
            self.engine().ok().and_then(EngineSeen::facts),
        ))
    }

    /// What the SFU would be started with now.
    pub fn effective(&self) -> Result<&Effective, Blind> {
        Ok(&self.expected()?.effective)
    }

    /// What is known of this machine's network.
    pub fn machine(&self) -> Result<&Machine, Blind> {
        Ok(&self.expected()?.machine)
    }

    fn expected(&self) -> Result<&Expected, Blind> {
        self.expected.as_ref().ok_or_else(no_project)
    }

    /// Whether the engine is on another machine.
    pub fn is_elsewhere(&self) -> bool {
        self.engine
            .as_ref()
            .is_ok_and(|seen| seen.remote_host().is_some())
    }

    /// Nothing, where the SFU has the network that this machine has.
    pub fn shares_network(&self) -> Result<(), Blind> {
        if self.is_elsewhere() || self.machine()?.network == NetworkMode::Published {
            return Err(Blind::because("the SFU is in another network"));
        }
        Ok(())
    }

    /// Nothing, where LiveKit's own server is what `up` runs: the embedded SFU heeds less of livekit.yaml.
    pub fn runs_livekit(&self) -> Result<(), Blind> {
        match self.machine()?.engine {
            EngineKind::Docker | EngineKind::Native => Ok(()),
            EngineKind::Embedded => Err(Blind::because("the embedded SFU does not heed it")),
        }
    }

    /// What `up` would do now.
    pub fn plan(&self) -> Result<Plan, Blind> {
        let (project, seen, expected) = (self.project()?, self.engine()?, self.expected()?);
        if self.is_elsewhere() {
            return Err(Blind::because("the engine is on another machine"));
        }
        let means = Means {
            runs_on: &seen.runs_on,
            network: seen.network.mode,
            effective: &expected.effective,
            webhook_listen: expected.webhook_listen,
        };
        let wanted = wanted(project, &Service::wanted(project), &means)?;
        let seen = Seen {
            instances: self.instances()?.into_iter().cloned().collect(),
            api: self.api.clone(),
            ..Seen::default()
        };
        Ok(Plan::up(&wanted, &seen))
    }

    /// The API's process, if it runs.
    pub fn api(&self) -> Option<&ApiSeen> {
        self.api.as_ref()
    }

    /// The backends of the project that run; looked for when somebody asks.
    pub async fn backends(&self) -> Result<&[Backend], Blind> {
        let found = self.backends.get_or_try_init(|| backends(self)).await?;
        Ok(found)
    }

    /// What a participant of our own met at the SFU; it goes there when somebody asks.
    pub async fn visit(&self) -> Result<&Result<Report, VisitError>, Blind> {
        self.visit.get_or_try_init(|| visited(self)).await
    }

    /// The processes of the project.
    pub fn ours(&self) -> &Ours {
        &self.ours
    }

    /// The instances of the project.
    pub fn instances(&self) -> Result<Vec<&Instance>, Blind> {
        let project = self.project()?;
        let all = self.engine()?.instances.iter();
        Ok(all.filter(|i| is_of(i, project)).collect())
    }

    /// The instance of a service, if it is there.
    pub fn instance(&self, service: Service) -> Result<Option<&Instance>, Blind> {
        let all = self.instances()?;
        Ok(all.into_iter().find(|i| i.service == service.as_str()))
    }
}

/// The folder of an instance's project may have been moved; two folders of one name are two projects.
fn is_of(instance: &Instance, project: &Project) -> bool {
    instance.project == project.name
        && (same_folder(&instance.dir, &project.dir) || is_gone(&instance.dir))
}

fn no_project() -> Blind {
    Blind::because("there is no project whose files can be read")
}
