//! Every running container, ours or not, as the answer to who holds a port.

use bollard::models::{ContainerSummary, PortSummary, PortSummaryTypeEnum};

use super::{LABEL_DIR, LABEL_PROJECT, LABEL_SERVICE};
use crate::host::holder::ContainerFacts;
use crate::host::sockets::Protocol;

/// What is known of a container of the engine's list.
pub fn facts(found: ContainerSummary) -> ContainerFacts {
    let name = found.names.and_then(|names| names.into_iter().next());
    let mut labels = found.labels.unwrap_or_default();
    let mut published: Vec<_> = found.ports.iter().flatten().filter_map(published).collect();
    published.sort_unstable();
    published.dedup();
    ContainerFacts {
        id: found.id.unwrap_or_default(),
        name: name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image: found.image.unwrap_or_default(),
        project: labels.remove(LABEL_PROJECT),
        service: labels.remove(LABEL_SERVICE),
        dir: labels.remove(LABEL_DIR).map(Into::into),
        published,
    }
}

fn published(port: &PortSummary) -> Option<(Protocol, u16)> {
    let protocol = match port.typ? {
        PortSummaryTypeEnum::TCP => Protocol::Tcp,
        PortSummaryTypeEnum::UDP => Protocol::Udp,
        _ => return None,
    };
    Some((protocol, port.public_port?))
}
