//! Every running container, ours or not, as the answer to who holds a port.

use bollard::models::{
    ContainerInspectResponse, ContainerSummary, PortSummary, PortSummaryTypeEnum,
};

use crate::engine::{LABEL_DIR, LABEL_PROJECT, LABEL_SERVICE};
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

/// Adds the ports that only a look at the container itself shows.
pub fn add_ports(facts: &mut ContainerFacts, found: ContainerInspectResponse) {
    let ports = found.network_settings.and_then(|n| n.ports);
    for (inside, bindings) in ports.unwrap_or_default() {
        let protocol = match inside.rsplit_once('/') {
            Some((_, "tcp")) => Protocol::Tcp,
            Some((_, "udp")) => Protocol::Udp,
            _ => continue,
        };
        let numbers = bindings.into_iter().flatten().filter_map(|b| b.host_port);
        let numbers = numbers.filter_map(|number| number.parse().ok());
        facts
            .published
            .extend(numbers.map(|number| (protocol, number)));
    }
    facts.published.sort_unstable();
    facts.published.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_the_list_left_out_are_added() {
        let mut facts = ContainerFacts {
            published: vec![(Protocol::Tcp, 7880)],
            ..ContainerFacts::default()
        };
        let found = serde_json::json!({"NetworkSettings": {"Ports": {
            "7880/tcp": [{"HostIp": "", "HostPort": "7880"}],
            "7881/tcp": [{"HostIp": "", "HostPort": "7881"}],
            "7882/udp": [{"HostIp": "", "HostPort": "7882"}],
            "27017/tcp": null,
        }}});
        add_ports(&mut facts, serde_json::from_value(found).unwrap());
        let expected = [
            (Protocol::Tcp, 7880),
            (Protocol::Tcp, 7881),
            (Protocol::Udp, 7882),
        ];
        assert_eq!(facts.published, expected);
    }
}
