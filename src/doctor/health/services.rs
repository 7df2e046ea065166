//! Services that run and do not work, or do not run while others do.

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::engine::State;
use crate::stack::health::mongodb::Data;
use crate::stack::health::prober::Prober;
use crate::stack::health::{self, Unhealthy};
use crate::stack::service::Service;

/// The check.
#[derive(Debug)]
pub struct Services;

const ABOUT: About = About {
    code: "health.services",
    group: Group::Health,
    title: "a service does not work, or is missing while others run",
    looks_at: "Each service as `urbania up` proves it: MongoDB by a login, the SFU by its page and a token, the API by its\n\
        `/readyz`.",
    why: "A local stack of which one part has died still looks started: `docker ps` shows the rest, and the missing part\n\
        shows as an error somewhere else.",
    fix: "`urbania up` starts what is missing and leaves the rest alone; `urbania logs SERVICE` shows what it said.",
};

#[async_trait]
impl Check for Services {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let (project, sfu) = (site.project()?, site.base()?);
        let prober = Prober::new(project, &sfu, &site.ctx.clock);
        let mut all = Vec::new();
        for service in Service::wanted(project) {
            let runs = match service {
                Service::Api => site.api().is_some(),
                _ => site
                    .instance(service)?
                    .is_some_and(|i| i.state == State::Running),
            };
            all.push((service, runs));
        }
        let asked = all.into_iter().map(|(service, runs)| {
            let prober = &prober;
            async move {
                let how = if runs {
                    How::of(health::once(prober.probe(service, Data::Kept)).await)
                } else {
                    How::Stopped
                };
                (service, how)
            }
        });
        Ok(judge(&join_all(asked).await))
    }
}

/// How a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum How {
    Healthy,
    Stopped,
    Unhealthy(String),
}

impl How {
    fn of(probed: Result<(), Unhealthy>) -> Self {
        match probed {
            Ok(()) => Self::Healthy,
            Err(Unhealthy::NotYet(why)) => Self::Unhealthy(why),
            Err(Unhealthy::Wrong(e)) => Self::Unhealthy(e.to_string()),
        }
    }
}

fn judge(services: &[(Service, How)]) -> Vec<Finding> {
    if services.iter().all(|(_, how)| *how == How::Stopped) {
        return vec![Finding::note("nothing of the project runs").fix("urbania up")];
    }
    if services.iter().all(|(_, how)| *how == How::Healthy) {
        let names: Vec<_> = services
            .iter()
            .map(|(service, _)| service.as_str())
            .collect();
        return vec![Finding::ok(format!("{} work", names.join(", ")))];
    }
    let told = services.iter().filter_map(|(service, how)| match how {
        How::Healthy => None,
        How::Stopped => Some(
            Finding::problem(format!("`{service}` does not run, and other services do"))
                .fix("urbania up"),
        ),
        How::Unhealthy(why) => Some(
            Finding::problem(format!("`{service}` runs and does not work"))
                .evidence(why.as_str())
                .fix(format!("urbania logs {service}"))
                .fix(format!("urbania restart {service}")),
        ),
    });
    told.collect()
}
