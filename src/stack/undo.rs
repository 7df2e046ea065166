//! Taking back what a failed `up` did: what ran before runs again, what it made is gone.

use futures_util::future::join_all;

use super::api::ApiFiles;
use super::stop::stop;
use super::unproved::Unproved;
use crate::context::Context;
use crate::engine::{Engine, Instance, State};
use crate::error::Result;
use crate::output::Output;

/// What has been done so far.
#[derive(Debug, Default)]
pub struct Undo {
    /// Instances that were made.
    pub created: Vec<String>,
    /// Instances that were set aside under another name.
    pub set_aside: Vec<Instance>,
    /// Instances that were there and were started.
    pub started: Vec<Instance>,
    /// Volumes that did not exist before.
    pub volumes: Vec<String>,
    /// Instances that ran and were stopped to run again.
    pub restarted: Vec<Instance>,
    /// The API's process, if it was started.
    pub api: Option<Begun>,
}

/// An API that was started.
#[derive(Debug)]
pub enum Begun {
    /// None ran before.
    New(ApiFiles),
    /// The one before went by other files, and was stopped.
    Changed(ApiFiles),
    /// The one before went by the same files.
    Again(ApiFiles),
}

impl Undo {
    /// Whether nothing has been done.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty()
            && self.set_aside.is_empty()
            && self.started.is_empty()
            && self.restarted.is_empty()
            && self.api.is_none()
    }

    /// Takes it all back. A step that fails does not keep the others from being tried: the failure
    /// that led here is the one to report.
    pub async fn roll_back(self, ctx: &Context, engine: &dyn Engine, unproved: &Unproved) {
        let out = ctx.out;
        if let Some(Begun::New(api) | Begun::Changed(api)) = &self.api {
            told(out, "the API", api.stop().await.map(drop));
        }
        let removals = join_all(self.created.iter().map(|id| engine.remove(id))).await;
        for removal in removals {
            told(out, "what was made", removal);
        }
        for instance in &self.started {
            told(
                out,
                &instance.service,
                stop(ctx, engine, None, instance).await,
            );
        }
        for instance in &self.restarted {
            let again = engine.start(&instance.id, &instance.service).await;
            told(out, &instance.service, again);
        }
        for volume in &self.volumes {
            let removed = engine.remove_volume(volume).await;
            let gone = removed.and_then(|()| unproved.clear());
            told(out, volume, gone);
        }
        for instance in &self.set_aside {
            let restored = restore(engine, instance).await;
            let runs = restored.is_ok() && instance.state == State::Running;
            told(out, &instance.service, restored);
            if runs {
                out.say(format_args!(
                    "{}: the one from before runs again",
                    instance.service
                ));
            }
        }
        let api_is_down = match &self.api {
            None | Some(Begun::New(_)) => false,
            Some(Begun::Changed(_)) => true,
            Some(Begun::Again(api)) => !matches!(api.seen().await, Ok(Some(_))),
        };
        if api_is_down {
            out.complain("api: it ran before and does not now; urbania up starts it when its files are right");
        }
    }
}

async fn restore(engine: &dyn Engine, instance: &Instance) -> Result<()> {
    engine.rename(&instance.id, &instance.name).await?;
    if instance.state == State::Running {
        engine.start(&instance.id, &instance.service).await?;
    }
    Ok(())
}

fn told(out: Output, what: &str, done: Result<()>) {
    if let Err(e) = done {
        out.complain(format_args!("while undoing, {what}: {e}"));
    }
}
