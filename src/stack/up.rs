//! Carrying out a plan: fetch, make, start in order, wait for proof of health; or take it all back.

mod wait;

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};

use super::api::{self, ApiFiles};
use super::health::prober::Prober;
use super::interrupt::Interrupt;
use super::last_words::Redactor;
use super::plan::{Action, Plan, SET_ASIDE, Wanted, ran};
use super::progress;
use super::runner;
use super::service::Service;
use super::serving;
use super::site::Site;
use super::stop::stop;
use super::undo::{Begun, Undo};
use super::unproved::Unproved;
use crate::context::Context;
use crate::engine::{Engine, Instance, Owner, ServiceSpec};
use crate::error::{Error, Result};

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
    /// Ids of the instances in the order of the services.
    instances: Vec<(Service, String)>,
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
            instances: Vec::new(),
            redactor: Redactor::of(&site.project),
            prober: Prober::new(&site.project, &site.sfu, &ctx.clock),
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
                let (engine, unproved) = (self.engine(), self.unproved());
                self.undo.roll_back(self.ctx, engine, &unproved).await;
                // The failure that led here is the one to report.
                let _ = runner::forget_if_nothing_is_left(engine, &self.site.project.dir).await;
                Err(e)
            }
        }
    }

    fn engine(&self) -> &'a dyn Engine {
        self.site.engine.as_ref()
    }

    fn unproved(&self) -> Unproved {
        Unproved::of(&self.site.project)
    }

    async fn try_apply(&mut self, plan: &Plan) -> Result<()> {
        if plan.starting().any(|service| service == Service::Api) {
            api::check(&self.site.project).await?;
        }
        for (service, image) in &plan.pulls {
            // Only a container has an image.
            if let Some(containers) = self.engine().containers() {
                let pull = progress::pull(containers, *service, image, &self.ctx.out);
                self.interrupt.or(pull).await?;
            }
        }
        self.interrupt.check()?;
        // Before anything is there that somebody has to find.
        self.site.runs_on.remember(&self.site.project.dir)?;
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

    /// Makes room, then makes every instance that is needed, all at once.
    async fn prepare(&mut self, plan: &Plan) -> Result<()> {
        for (instance, why) in &plan.removals {
            let out = &self.ctx.out;
            out.say(format_args!("removing {}: {why}", instance.name));
            self.stop(instance).await?;
            self.engine().remove(&instance.id).await?;
        }
        let mut specs = Vec::new();
        for (service, action) in &plan.actions {
            match action {
                Action::Create => specs.extend(self.spec(*service)),
                Action::Recreate(old, _) => {
                    self.set_aside(old).await?;
                    specs.extend(self.spec(*service));
                }
                Action::Keep(i) | Action::Start(i) | Action::Restart(i) => {
                    self.instances.push((*service, i.id.clone()));
                }
                Action::KeepApi(_)
                | Action::ReloadApi(_)
                | Action::StartApi
                | Action::RestartApi(..) => {}
            }
        }
        for fallback in &plan.fallbacks {
            self.fall_back_to(fallback);
        }
        try_join_all(specs.iter().map(|(_, spec)| self.check_volumes(spec)))
            .await?
            .into_iter()
            .for_each(|new| self.undo.volumes.extend(new));
        for volume in &self.undo.volumes {
            self.unproved().note(volume)?;
        }
        let made = join_all(specs.iter().map(|(_, spec)| self.engine().create(spec))).await;
        let mut failure = None;
        for ((service, _), made) in specs.iter().zip(made) {
            match made {
                Ok(id) => {
                    self.undo.created.push(id.clone());
                    self.instances.push((*service, id));
                }
                Err(e) => failure = failure.or(Some(e)),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn spec(&self, service: Service) -> Option<(Service, &'a ServiceSpec)> {
        let found = self.wanted.specs.iter().find(|(s, _)| *s == service);
        found.map(|(s, spec)| (*s, spec))
    }

    /// The old instance keeps all it has, under another name, until the new one is healthy.
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

    /// An interrupted `up` left the successor of `before`: this one goes on with it.
    fn fall_back_to(&mut self, before: &Instance) {
        let successor = (self.instances.iter()).find(|(s, _)| s.as_str() == before.service);
        self.undo
            .created
            .extend(successor.map(|(_, id)| id.clone()));
        self.undo.set_aside.push(Instance {
            name: before.name.trim_end_matches(SET_ASIDE).to_owned(),
            ..ran(before.clone())
        });
    }

    /// The volumes of a spec that do not exist yet; one of somebody else is not ours to use.
    async fn check_volumes(&self, spec: &ServiceSpec) -> Result<Vec<String>> {
        let mut new = Vec::new();
        for volume in &spec.volumes {
            match self.engine().volume_owner(&volume.name).await? {
                None => new.push(volume.name.clone()),
                Some(Owner::Project(name)) if name == spec.project => {
                    if self.unproved().names(&volume.name) {
                        self.engine().remove_volume(&volume.name).await?;
                        new.push(volume.name.clone());
                    }
                }
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
        let id = self.instances.iter().find(|(s, _)| *s == service);
        let id = id.map(|(_, id)| id.clone()).unwrap_or_default();
        match action {
            Action::Keep(_) | Action::KeepApi(_) => {}
            Action::Create => self.start(service, &id).await?,
            Action::Start(instance) => {
                if !self.undo.created.contains(&instance.id) {
                    self.undo.started.push(instance.clone());
                }
                self.start(service, &id).await?;
            }
            Action::Restart(instance) => {
                self.ctx.out.say(format_args!("restarting {service}"));
                self.undo.restarted.push(instance.clone());
                self.stop(instance).await?;
                self.engine().start(&id, service.as_str()).await?;
            }
            Action::Recreate(old, _) => {
                self.stop(old).await?;
                self.start(service, &id).await?;
            }
            Action::ReloadApi(_) => {
                let out = &self.ctx.out;
                out.say(format_args!("{} reads livekit.yaml again", Service::Api));
                return serving::tell(&self.site.project).await.map(drop);
            }
            Action::StartApi | Action::RestartApi(..) => return self.bring_up_api(action).await,
        }
        if service == Service::Api {
            return self.wait_for_api(0).await;
        }
        self.wait_for_instance(service, &id).await
    }

    async fn stop(&self, instance: &Instance) -> Result<()> {
        stop(self.ctx, self.engine(), Some(&self.site.project), instance).await
    }

    async fn start(&self, service: Service, id: &str) -> Result<()> {
        self.ctx.out.say(format_args!("starting {service}"));
        self.engine().start(id, service.as_str()).await
    }

    async fn bring_up_api(&mut self, action: &Action) -> Result<()> {
        let files = ApiFiles::of(&self.site.project);
        let config = self.wanted.api.as_deref().unwrap_or_default();
        let out = &self.ctx.out;
        let begun = if let (Action::RestartApi(..), Some(before)) = (action, &self.site.seen.api) {
            out.say(format_args!("restarting {}", Service::Api));
            files.stop().await?;
            if before.config == config {
                Begun::Again
            } else {
                Begun::Changed
            }
        } else {
            out.say(format_args!("starting {}", Service::Api));
            Begun::New
        };
        let log_from = files.log_length();
        self.undo.api = Some(begun(files));
        api::start(&self.site.project, self.site.hook.listen, config).await?;
        self.wait_for_api(log_from).await
    }
}
