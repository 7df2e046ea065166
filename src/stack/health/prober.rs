//! One way to ask any service of a project.

use secrecy::SecretString;

use super::mongodb::Data;
use super::{Unhealthy, api, mongodb, sfu};
use crate::config::Project;
use crate::context::Clock;
use crate::livekit::keys::KeyPair;
use crate::stack::service::Service;

/// Knows where the services of a project are and how to ask them.
#[derive(Debug)]
pub struct Prober {
    client: reqwest::Client,
    clock: Clock,
    mongodb_uri: SecretString,
    mongodb_port: u16,
    sfu: String,
    pair: KeyPair,
    api: String,
}

impl Prober {
    /// For a project whose SFU answers at `sfu` (`http://…`).
    pub fn new(project: &Project, sfu: &str, clock: &Clock) -> Self {
        Self {
            client: sfu::client(),
            clock: clock.clone(),
            mongodb_uri: project.mongodb_uri().unwrap_or_default(),
            mongodb_port: project.settings.services.mongodb.port,
            sfu: sfu.to_owned(),
            pair: project.key_pair().clone(),
            api: api::base_url(project.settings.api.listen),
        }
    }

    /// Asks `service`.
    pub async fn probe(&self, service: Service, data: Data) -> Result<(), Unhealthy> {
        match service {
            Service::Mongodb => mongodb::probe(&self.mongodb_uri, self.mongodb_port, data).await,
            Service::Livekit => {
                sfu::probe(&self.client, &self.sfu, &self.pair, self.clock.unix()).await
            }
            Service::Api => api::probe(&self.client, &self.api).await,
        }
    }
}
