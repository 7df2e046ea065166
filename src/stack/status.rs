//! What runs, where, and how well.

use std::path::{Path, PathBuf};

use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::api::ApiFiles;
use super::health::mongodb::Data;
use super::health::prober::Prober;
use super::health::{self, Unhealthy};
use super::plan::{Action, Plan, Wanted, sort_out};
use super::report::address;
use super::service::Service;
use super::site::Site;
use super::wanted::instance_name;
use crate::config::EngineKind;
use crate::context::Clock;
use crate::engine::{Engine, Form, Instance, State};
use crate::error::Result;

/// A project and its services. The shape is documented in docs/json.md.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectStatus {
    /// The project's name.
    pub project: String,
    /// Its folder.
    pub dir: PathBuf,
    /// What runs it, or would.
    pub engine: EngineKind,
    /// Its services in the order in which they start.
    pub services: Vec<ServiceStatus>,
    /// Why more cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One service.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceStatus {
    /// The service.
    pub service: String,
    /// `running`, `stopped`, or what else the engine says.
    pub state: String,
    /// `healthy` or `unhealthy`, for what runs.
    pub health: Option<&'static str>,
    /// Why it is not healthy, or that its files changed since it was started.
    pub detail: Option<String>,
    /// Since when it runs, in RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub since: Option<Timestamp>,
    /// Where it is reached.
    pub address: Option<String>,
    /// The container or the process.
    pub instance: Option<String>,
    /// The image of a container.
    pub image: Option<String>,
    /// The program of a process.
    pub program: Option<PathBuf>,
}

impl ProjectStatus {
    /// Whether nothing of it runs.
    pub fn is_stopped(&self) -> bool {
        self.services.iter().all(|s| s.state == "stopped")
    }

    /// Whether all of it is healthy.
    pub fn is_healthy(&self) -> bool {
        self.services.iter().all(|s| s.health == Some("healthy"))
    }

    /// Whether everything is as it should be: all of it is healthy, or all of it is stopped.
    pub fn is_fine(&self) -> bool {
        self.is_stopped() || self.is_healthy()
    }

    /// Asks every service of a project, all at once.
    pub async fn of(site: &Site, clock: &Clock) -> Result<Self> {
        let prober = Prober::new(&site.project, &site.sfu, clock);
        let services = Service::wanted(&site.project);
        // A wrong MONGODB_URI must not hide what runs.
        let wanted = site.wanted(&services);
        let problem = wanted.as_ref().err().map(ToString::to_string);
        let wanted = wanted.unwrap_or_default();
        let plan = Plan::up(&wanted, &site.seen);
        let all = services.iter().map(|service| {
            let change = change(&plan, &wanted, *service);
            one(site, &prober, *service, change)
        });
        Ok(Self {
            project: site.project.name.clone(),
            dir: site.project.dir.clone(),
            engine: site.runs_on.engine,
            services: try_join_all(all).await?,
            problem,
        })
    }

    /// What can be told of a project in `dir` whose files cannot be read, on its engine.
    pub async fn from_afar(
        (kind, engine): (EngineKind, &dyn Engine),
        project: &str,
        dir: &Path,
        problem: String,
    ) -> Self {
        // That the engine does not answer is nothing to add to that.
        let ours = engine.instances(Some(project)).await.unwrap_or_default();
        let services = join_all(ours.iter().map(|i| async {
            ServiceStatus {
                since: since(engine, i).await,
                ..described(i)
            }
        }));
        Self {
            project: project.to_owned(),
            dir: dir.to_path_buf(),
            engine: kind,
            services: services.await,
            problem: Some(problem),
        }
    }
}

/// Why `up` would touch a service that runs.
fn change(plan: &Plan, wanted: &Wanted, service: Service) -> Option<&'static str> {
    let known = service == Service::Api || wanted.specs.iter().any(|(s, _)| *s == service);
    let (_, action) = plan.actions.iter().find(|(s, _)| *s == service)?;
    let changed = matches!(action, Action::Recreate(..) | Action::RestartApi(..));
    (known && changed).then_some("its configuration changed: urbania up applies it")
}

async fn one(
    site: &Site,
    prober: &Prober,
    service: Service,
    change: Option<&str>,
) -> Result<ServiceStatus> {
    let mut status = match service {
        Service::Api => api(site).await?,
        _ => instance(site, service).await,
    };
    if status.state != "running" {
        return Ok(status);
    }
    status.address = Some(address(site, service));
    let (health, detail) = match health::once(prober.probe(service, Data::Kept)).await {
        Ok(()) => ("healthy", change.map(str::to_owned)),
        Err(Unhealthy::NotYet(why)) => ("unhealthy", Some(why)),
        Err(Unhealthy::Wrong(e)) => ("unhealthy", Some(e.to_string())),
    };
    status.health = Some(health);
    status.detail = detail;
    Ok(status)
}

async fn instance(site: &Site, service: Service) -> ServiceStatus {
    let name = instance_name(&site.project.name, service);
    let (current, leftovers) = sort_out(service, &name, &site.seen.instances);
    match current.or_else(|| leftovers.into_iter().next()) {
        Some(instance) => ServiceStatus {
            since: since(site.engine.as_ref(), &instance).await,
            ..described(&instance)
        },
        None => stopped(service),
    }
}

async fn api(site: &Site) -> Result<ServiceStatus> {
    let process = ApiFiles::of(&site.project).process().await?;
    Ok(process.map_or_else(
        || stopped(Service::Api),
        |process| ServiceStatus {
            state: "running".to_owned(),
            since: process.since(),
            instance: Some(format!("pid {}", process.pid)),
            ..stopped(Service::Api)
        },
    ))
}

async fn since(engine: &dyn Engine, instance: &Instance) -> Option<Timestamp> {
    if instance.state != State::Running {
        return None;
    }
    engine.inspect(&instance.id).await.ok()?.started
}

fn described(instance: &Instance) -> ServiceStatus {
    ServiceStatus {
        service: instance.service.clone(),
        state: instance.state.to_string(),
        health: None,
        detail: None,
        since: None,
        address: None,
        instance: Some(instance.short_id()).filter(|id| !id.is_empty()),
        image: match &instance.form {
            Form::Container { image } => Some(image.clone()),
            Form::Process { .. } => None,
        },
        program: match &instance.form {
            Form::Container { .. } => None,
            Form::Process { program, .. } => Some(program.clone()),
        },
    }
}

fn stopped(service: Service) -> ServiceStatus {
    ServiceStatus {
        service: service.to_string(),
        state: "stopped".to_owned(),
        health: None,
        detail: None,
        since: None,
        address: None,
        instance: None,
        image: None,
        program: None,
    }
}

#[expect(clippy::ref_option, reason = "serde's own signature")]
fn as_text<S: Serializer>(at: &Option<Timestamp>, to: S) -> std::result::Result<S::Ok, S::Error> {
    at.map(|at| at.to_string()).serialize(to)
}
