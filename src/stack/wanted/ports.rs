//! The ports that services bind.

use std::net::{IpAddr, Ipv4Addr};

use crate::config::{Effective, PortUse, Project};
use crate::host::ports::PortNeed;
use crate::host::sockets::Protocol;
use crate::stack::service::Service;

/// The ports that `services` bind on this machine.
pub fn port_needs(project: &Project, effective: &Effective, services: &[Service]) -> Vec<PortNeed> {
    let mut needs = Vec::new();
    for service in services {
        match service {
            Service::Mongodb => needs.push(need(
                *service,
                "database",
                Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                project.settings.services.mongodb.port,
            )),
            Service::Livekit => needs.extend(effective.ports.iter().flat_map(sfu_needs)),
            Service::Api => {
                let listen = project.settings.api.listen;
                needs.push(need(
                    *service,
                    "token API",
                    Some(listen.ip()),
                    listen.port(),
                ));
            }
        }
    }
    needs
}

/// One for each address.
fn sfu_needs(ports: &PortUse) -> Vec<PortNeed> {
    let at = |address| PortNeed {
        service: Service::Livekit.to_string(),
        purpose: ports.purpose.to_owned(),
        protocol: ports.protocol,
        address,
        first: ports.first,
        last: ports.last,
    };
    match ports.addresses.as_slice() {
        [] => vec![at(None)],
        addresses => addresses.iter().map(|address| at(Some(*address))).collect(),
    }
}

fn need(service: Service, purpose: &str, address: Option<IpAddr>, port: u16) -> PortNeed {
    PortNeed {
        service: service.to_string(),
        purpose: purpose.to_owned(),
        protocol: Protocol::Tcp,
        address,
        first: port,
        last: port,
    }
}
