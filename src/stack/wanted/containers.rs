//! Services as containers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::database::{MONGODB_PORT, root_user};
use super::{Means, sfu_files, spec, volume_name};
use crate::config::{NetworkMode, PortUse, Project};
use crate::engine::{Network, PublishedPort, Runs, ServiceSpec, Upload, VolumeMount};
use crate::error::Result;
use crate::host::sockets::Protocol;
use crate::stack::service::Service;

/// LiveKit's config inside its container.
const LIVEKIT_CONFIG: &str = "/etc/urbania/livekit.yaml";
/// The root password inside MongoDB's container.
const MONGODB_PASSWORD: &str = "/etc/urbania/mongo-password";
/// The user that the official image runs MongoDB as.
const MONGODB_OWNER: u64 = 999;

pub(super) fn livekit(project: &Project, means: &Means<'_>) -> ServiceSpec {
    let network = match means.network {
        NetworkMode::Host => Network::Host,
        NetworkMode::Published => {
            Network::Published(means.effective.ports.iter().flat_map(published).collect())
        }
    };
    let image = project.settings.images.livekit.clone();
    ServiceSpec {
        args: vec!["--config".to_owned(), LIVEKIT_CONFIG.to_owned()],
        files: sfu_files(LIVEKIT_CONFIG, means),
        ..spec(project, Service::Livekit, Runs::Image { image, network })
    }
}

fn published(ports: &PortUse) -> Vec<PublishedPort> {
    let everywhere =
        (ports.first..=ports.last).map(|port| PublishedPort::everywhere(port, ports.protocol));
    if ports.addresses.is_empty() {
        return everywhere.collect();
    }
    let at = |port: PublishedPort| {
        let addresses = ports.addresses.iter();
        addresses.map(move |address| PublishedPort {
            address: *address,
            ..port
        })
    };
    everywhere.flat_map(at).collect()
}

/// MongoDB: reachable from this machine alone, whatever the SFU needs.
pub(super) fn mongodb(project: &Project) -> Result<ServiceSpec> {
    let root = root_user(project)?;
    let image = project.settings.images.mongodb.clone();
    let network = Network::Published(vec![PublishedPort {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: project.settings.services.mongodb.port,
        inside: MONGODB_PORT,
        protocol: Protocol::Tcp,
    }]);
    Ok(ServiceSpec {
        env: BTreeMap::from([
            ("MONGO_INITDB_ROOT_USERNAME".to_owned(), root.name),
            (
                "MONGO_INITDB_ROOT_PASSWORD_FILE".to_owned(),
                MONGODB_PASSWORD.to_owned(),
            ),
        ]),
        files: vec![Upload {
            path: MONGODB_PASSWORD.to_owned(),
            contents: root.password,
            owner: MONGODB_OWNER,
            mode: 0o400,
        }],
        volumes: vec![VolumeMount {
            name: volume_name(&project.name),
            target: "/data/db".to_owned(),
        }],
        ..spec(project, Service::Mongodb, Runs::Image { image, network })
    })
}
