//! Where everything is, after `up`.

use std::path::PathBuf;

use serde::Serialize;

use super::api::ApiFiles;
use super::health;
use super::plan::Plan;
use super::service::Service;
use super::site::Site;
use crate::config::{EngineKind, NetworkMode};
use crate::engine::Instance;
use crate::error::Result;

/// The answer of `up`. The shape is documented in docs/json.md.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The project's name.
    pub project: String,
    /// The project's folder.
    pub dir: PathBuf,
    /// Whether anything was started.
    pub changed: bool,
    /// What runs the services.
    pub engine: EngineLine,
    /// How the SFU is reached.
    pub network: Network,
    /// The key pair that the SFU and the API share.
    pub key: Key,
    /// The services.
    pub services: Vec<Line>,
}

/// What runs the services.
#[derive(Clone, Debug, Serialize)]
pub struct EngineLine {
    /// Which one.
    pub name: EngineKind,
    /// Why, where nobody named it.
    pub why: Option<String>,
    /// Of containers: `Docker` or `Podman`.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Where it is.
    pub endpoint: Option<String>,
}

/// How the SFU is reached.
#[derive(Clone, Debug, Serialize)]
pub struct Network {
    /// `host` or `published`.
    pub mode: &'static str,
    /// Why.
    pub reason: String,
}

/// A key pair without its secret.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// The key.
    pub name: String,
    /// A few digits of a hash of the secret.
    pub fingerprint: String,
}

/// One service.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The service.
    pub service: Service,
    /// Its address.
    pub address: String,
    /// The container or the process.
    pub detail: String,
}

impl Report {
    /// What runs now.
    pub async fn of(site: &Site, services: &[Service], plan: &Plan) -> Result<Self> {
        let (instances, api) = if plan.is_empty() {
            (site.seen.instances.clone(), site.seen.api.clone())
        } else {
            let files = ApiFiles::of(&site.project);
            tokio::try_join!(
                site.engine.instances(Some(&site.project.name)),
                files.seen()
            )?
        };
        let lines = services.iter().map(|service| Line {
            service: *service,
            address: address(site, *service),
            detail: match service {
                Service::Api => api.as_ref().map(|a| format!("pid {}", a.pid)),
                _ => (instances.iter())
                    .find(|i| i.service == service.as_str())
                    .map(Instance::described),
            }
            .unwrap_or_default(),
        });
        let pair = site.project.key_pair();
        Ok(Self {
            project: site.project.name.clone(),
            dir: site.project.dir.clone(),
            changed: !plan.is_empty(),
            engine: engine(site),
            network: Network {
                mode: match site.network.mode {
                    NetworkMode::Host => "host",
                    NetworkMode::Published => "published",
                },
                reason: site.network.reason.clone(),
            },
            key: Key {
                name: pair.key.clone(),
                fingerprint: pair.fingerprint(),
            },
            services: lines.collect(),
        })
    }
}

fn engine(site: &Site) -> EngineLine {
    let facts = site.facts.as_ref();
    EngineLine {
        name: site.runs_on.engine,
        why: site.pick.as_ref().map(|pick| pick.why.clone()),
        product: facts.map(|facts| facts.product.clone()),
        version: facts.map(|facts| facts.version.clone()),
        endpoint: facts.map(|facts| facts.endpoint.clone()),
    }
}

/// Where a service is reached.
pub fn address(site: &Site, service: Service) -> String {
    let project = &site.project;
    match service {
        Service::Mongodb => format!(
            "mongodb://127.0.0.1:{}",
            project.settings.services.mongodb.port
        ),
        Service::Livekit => project.sfu_url(),
        Service::Api => health::api::base_url(project.settings.api.listen),
    }
}
