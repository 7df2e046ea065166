//! Carrying out a plan: fetch, make, start in order, wait for proof of health; or take it all back.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use tokio::time::Instant;

use super::api::{self, ApiFiles};
use super::health::prober::Prober;
use super::health::{self, Failure, Unhealthy};
use super::interrupt::Interrupt;
use super::last_words::{self, Redactor};
use super::participants;
use super::plan::{Action, Plan, Wanted};
use super::progress;
use super::service::Service;
use super::site::Site;
use super::stop::stop;
use super::undo::Undo;
use crate::context::Context;
use crate::engine::{Engine, Instance, Owner, ServiceSpec};
use crate::error::{Context as _, Error, Result};
use crate::host::process::{Running, running};

/// Added to the name of a container while its successor is being tried.
const SET_ASIDE: &str = "-before";

/// The work of one `up`.
pub struct Up<'a> {
    /// What the command was given.
    pub ctx: &'a Context,
    /// Where it happens.
    pub site: &'a Site,
    /// What is to run.
    pub wanted: &'a Wanted,
    /// How long each service may take to become healthy.
    pub patience: Duration,
    /// Whether somebody wants us to stop.
    pub interrupt: &'a Interrupt,
    undo: Undo,
    /// Ids of the containers in the order of the services.
    containers: Vec<(Service, String)>,
    redactor: Redactor,
    prober: Prober,
}

impl<'a> Up<'a> {
    /// Prepares the work.
    pub fn new(
        ctx: &'a Context,
        site: &'a Site,
        wanted: &'a Wanted,
        patience: Duration,
        interrupt: &'a Interrupt,
    ) -> Self {
        Self {
            ctx,
            site,
            wanted,
            patience,
            interrupt,
            undo: Undo::default(),
            containers: Vec::new(),
            redactor: Redactor::of(&site.project),
            prober: Prober::new(&site.project, &ctx.clock),
        }
    }

    /// Does what the plan says. After a failure, what ran before runs and nothing else does.
    pub async fn apply(mut self, plan: &Plan) -> Result<()> {
        match self.try_apply(plan).await {
            Ok(()) => Ok(()),
            Err(e) => {
                if !self.undo.is_empty() {
                    self.ctx.out.say("undoing what was begun");
                }
                let engine = self.engine();
                self.undo.roll_back(engine, &self.ctx.out).await;
                Err(e)
            }
        }
    }

    fn engine(&self) -> &'a dyn Engine {
        self.site.engine.as_ref()
    }

    async fn try_apply(&mut self, plan: &Plan) -> Result<()> {
        for (service, image) in &plan.pulls {
            let pull = progress::pull(self.engine(), *service, image, &self.ctx.out);
            self.interrupt.or(pull).await?;
        }
        self.interrupt.check()?;
        self.prepare(plan).await?;
        for (service, action) in &plan.actions {
            self.interrupt.check()?;
            self.bring_up(*service, action).await?;
        }
        let replaced = std::mem::take(&mut self.undo.set_aside);
        // It all works: what is left of the old ones is no reason to fail.
        for removal in join_all(replaced.iter().map(|i| self.engine().remove(&i.id))).await {
            if let Err(e) = removal {
                self.ctx.out.complain(format_args!("{e}"));
            }
        }
        Ok(())
    }

    /// Makes room, then makes every container that is needed, all at once.
    async fn prepare(&mut self, plan: &Plan) -> Result<()> {
        try_join_all(
            plan.removals
                .iter()
                .map(|(i, _)| self.engine().remove(&i.id)),
        )
        .await?;
        let mut specs = Vec::new();
        for (service, action) in &plan.actions {
            match action {
                Action::Create => specs.extend(self.spec(*service)),
                Action::Recreate(old, _) => {
                    self.set_aside(old).await?;
                    specs.extend(self.spec(*service));
                }
                Action::Keep(i) | Action::Start(i) => {
                    self.containers.push((*service, i.id.clone()));
                }
                Action::KeepApi(_) | Action::StartApi | Action::RestartApi(..) => {}
            }
        }
        try_join_all(specs.iter().map(|(_, spec)| self.check_volumes(spec)))
            .await?
            .into_iter()
            .for_each(|new| self.undo.volumes.extend(new));
        let made = join_all(specs.iter().map(|(_, spec)| self.engine().create(spec))).await;
        let mut failure = None;
        for ((service, _), made) in specs.iter().zip(made) {
            match made {
                Ok(id) => {
                    self.undo.created.push(id.clone());
                    self.containers.push((*service, id));
                }
                Err(e) => failure = failure.or(Some(e)),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn spec(&self, service: Service) -> Option<(Service, &'a ServiceSpec)> {
        let found = self.wanted.containers.iter().find(|(s, _)| *s == service);
        found.map(|(s, spec)| (*s, spec))
    }

    /// The old container keeps all it has, under another name, until the new one is healthy.
    async fn set_aside(&mut self, old: &Instance) -> Result<()> {
        if !old.name.ends_with(SET_ASIDE) {
            let name = format!("{}{SET_ASIDE}", old.name);
            self.engine().rename(&old.id, &name).await?;
        }
        self.undo.set_aside.push(Instance {
            name: old.name.trim_end_matches(SET_ASIDE).to_owned(),
            ..old.clone()
        });
        Ok(())
    }

    /// The volumes of a spec that do not exist yet; one of somebody else is not ours to use.
    async fn check_volumes(&self, spec: &ServiceSpec) -> Result<Vec<String>> {
        let mut new = Vec::new();
        for volume in &spec.volumes {
            match self.engine().volume_owner(&volume.name).await? {
                None => new.push(volume.name.clone()),
                Some(Owner::Project(name)) if name == spec.project => {}
                Some(_) => {
                    return Err(Error::failed(format!(
                        "a volume named `{}` is there already, and it is not ours",
                        volume.name
                    ))
                    .hint("give the project another name: in urbania.yaml"));
                }
            }
        }
        Ok(new)
    }

    async fn bring_up(&mut self, service: Service, action: &Action) -> Result<()> {
        let id = self.containers.iter().find(|(s, _)| *s == service);
        let id = id.map(|(_, id)| id.clone()).unwrap_or_default();
        match action {
            Action::Keep(_) | Action::KeepApi(_) => {}
            Action::Create => self.start(service, &id).await?,
            Action::Start(instance) => {
                self.undo.started.push(instance.clone());
                self.start(service, &id).await?;
            }
            Action::Recreate(old, _) => {
                let policy = super::wanted::stop_policy(service);
                let impatient = async || participants::announce(self.ctx, &self.site.project).await;
                stop(self.engine(), &old.id, policy, impatient).await?;
                self.start(service, &id).await?;
            }
            Action::StartApi | Action::RestartApi(..) => return self.bring_up_api(action).await,
        }
        if service == Service::Api {
            return self.wait_for_api(0).await;
        }
        self.wait_for_container(service, &id).await
    }

    async fn start(&self, service: Service, id: &str) -> Result<()> {
        self.ctx.out.say(format_args!("starting {service}"));
        self.engine().start(id).await.map_err(|e| {
            let hints = e.hints().to_vec();
            let error = Error::failed(format!("cannot start `{service}`")).because(e);
            hints.into_iter().fold(error, Error::hint)
        })
    }

    async fn bring_up_api(&mut self, action: &Action) -> Result<()> {
        let files = ApiFiles::of(&self.site.project);
        if let Action::RestartApi(..) = action {
            files.stop().await?;
        }
        self.ctx.out.say(format_args!("starting {}", Service::Api));
        let log_from = files.log_length();
        self.undo.api = Some(files);
        let config = self.wanted.api.as_deref().unwrap_or_default();
        api::start(&self.site.project, config)
            .await
            .or_fail(|| "cannot start `api`".to_owned())?;
        self.wait_for_api(log_from).await
    }

    async fn wait_for_container(&self, service: Service, id: &str) -> Result<()> {
        let fresh = !self.undo.volumes.is_empty();
        let healthy = health::wait(
            async || self.prober.probe(service, fresh).await,
            Instant::now() + self.patience,
        );
        let failure = tokio::select! {
            done = healthy => match done {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            },
            ended = self.engine().exited(id) => {
                ended?;
                return Err(self.ended(service, id).await);
            }
            () = self.interrupt.requested() => return self.interrupt.check(),
        };
        match failure {
            Failure::Wrong(e) => Err(e),
            Failure::TimedOut(why) => {
                let words = last_words::of_container(self.engine(), id, &self.redactor).await;
                Err(self.too_late(service, &why, &words))
            }
        }
    }

    /// LiveKit ends with 0 also when it cannot start: that it ended is the failure, not the code.
    async fn ended(&self, service: Service, id: &str) -> Error {
        let words = last_words::of_container(self.engine(), id, &self.redactor).await;
        let end = self.engine().inspect(id).await.ok();
        let code = end.as_ref().and_then(|e| e.exit_code);
        let code = code.map_or_else(String::new, |code| format!(" (exit code {code})"));
        last_words::failure(
            &format!("`{service}` ended while it started{code}"),
            service,
            &words,
            end.as_ref(),
        )
    }

    fn too_late(&self, service: Service, why: &str, words: &[String]) -> Error {
        let what = format!(
            "`{service}` is not healthy after {} s: {why}",
            self.patience.as_secs()
        );
        last_words::failure(&what, service, words, None).hint("--wait-timeout 5m   waits longer")
    }

    async fn wait_for_api(&self, log_from: u64) -> Result<()> {
        let files = ApiFiles::of(&self.site.project);
        let process = running(&files.pid).await?;
        let healthy = health::wait(
            async || {
                if !process.as_ref().is_some_and(Running::is_alive) {
                    return Err(Unhealthy::Wrong(Error::failed("ended")));
                }
                self.prober.probe(Service::Api, false).await
            },
            Instant::now() + self.patience,
        );
        let failure = tokio::select! {
            done = healthy => match done {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            },
            () = self.interrupt.requested() => return self.interrupt.check(),
        };
        let words = last_words::of_file(&files.log, log_from, &self.redactor).await;
        Err(match failure {
            Failure::Wrong(_) => {
                last_words::failure("`api` ended while it started", Service::Api, &words, None)
            }
            Failure::TimedOut(why) => self.too_late(Service::Api, &why, &words),
        })
    }
}
