//! Waiting for proof of health, and saying why it did not come.

use tokio::time::Instant;

use super::Up;
use crate::error::{Error, Result};
use crate::host::process::Running;
use crate::stack::api::ApiFiles;
use crate::stack::health::mongodb::Data;
use crate::stack::health::{self, Failure, Unhealthy};
use crate::stack::last_words::{self, Left};
use crate::stack::service::Service;
use crate::stack::wanted::volume_name;

impl Up<'_> {
    pub(super) async fn wait_for_instance(&self, service: Service, id: &str) -> Result<()> {
        let fresh = service == Service::Mongodb
            && self.unproved().names(&volume_name(&self.site.project.name));
        let data = if !fresh {
            Data::Kept
        } else if self.site.runs_on.makes_its_user() {
            Data::Fresh
        } else {
            Data::Bare
        };
        let healthy = health::wait(
            async || self.prober.probe(service, data).await,
            Instant::now() + self.patience,
        );
        let failure = tokio::select! {
            done = healthy => match done {
                Ok(()) if fresh => return self.unproved().clear(),
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
                let words = last_words::of_instance(self.engine(), id, &self.redactor).await;
                Err(self.too_late(service, &why, &words, self.left(id)))
            }
        }
    }

    /// LiveKit ends with 0 also when it cannot start: that it ended is the failure, not the code.
    async fn ended(&self, service: Service, id: &str) -> Error {
        let words = last_words::of_instance(self.engine(), id, &self.redactor).await;
        let end = self.engine().inspect(id).await.ok();
        let code = end.as_ref().and_then(|e| e.exit_code);
        let code = code.map_or_else(String::new, |code| format!(" (exit code {code})"));
        last_words::failure(
            &format!("`{service}` ended while it started{code}"),
            service,
            &words,
            end.as_ref(),
            self.left(id),
        )
    }

    /// What is left of an instance that failed, after everything is taken back.
    fn left(&self, id: &str) -> Left {
        if self.undo.created.iter().any(|created| created == id) {
            Left::Nothing
        } else if self.undo.started.iter().any(|started| started.id == id) {
            Left::Log
        } else {
            Left::Service
        }
    }

    fn too_late(&self, service: Service, why: &str, words: &[String], left: Left) -> Error {
        let what = format!(
            "`{service}` is not healthy after {} s: {why}",
            self.patience.as_secs()
        );
        last_words::failure(&what, service, words, None, left)
            .hint("--wait-timeout 5m   waits longer")
    }

    pub(super) async fn wait_for_api(&self, log_from: u64) -> Result<()> {
        let files = ApiFiles::of(&self.site.project);
        let process = files.process().await?;
        let healthy = health::wait(
            async || {
                if !process.as_ref().is_some_and(Running::is_alive) {
                    return Err(Unhealthy::Wrong(Error::failed("ended")));
                }
                self.prober.probe(Service::Api, Data::Kept).await
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
                let what = "`api` ended while it started";
                last_words::failure(what, Service::Api, &words, None, Left::Log)
            }
            Failure::TimedOut(why) if self.undo.api.is_none() => {
                self.too_late(Service::Api, &why, &words, Left::Service)
            }
            Failure::TimedOut(why) => self.too_late(Service::Api, &why, &words, Left::Log),
        })
    }
}
