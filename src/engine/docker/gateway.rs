//! Where containers reach this machine.

use std::net::{IpAddr, Ipv4Addr};

use bollard::Docker as Client;

/// The gateway of the network that containers are in where nobody says otherwise.
pub async fn gateway(client: &Client) -> Option<IpAddr> {
    for name in ["bridge", "podman"] {
        if let Ok(network) = client.inspect_network(name, None).await {
            let configs = network.ipam?.config?;
            return configs
                .iter()
                .find_map(|config| of(config.gateway.as_deref(), config.subnet.as_deref()));
        }
    }
    None
}

/// The gateway of a network. Older engines name none for their own: there it is the first address.
fn of(named: Option<&str>, subnet: Option<&str>) -> Option<IpAddr> {
    if let Some(gateway) = named.and_then(|text| text.parse().ok()) {
        return Some(gateway);
    }
    let (network, _) = subnet?.split_once('/')?;
    let network: Ipv4Addr = network.parse().ok()?;
    Some(Ipv4Addr::from_bits(network.to_bits() | 1).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_whose_gateway_is_not_named_has_it_at_its_first_address() {
        for (named, subnet, expected) in [
            (
                Some("172.17.0.1"),
                Some("172.17.0.0/16"),
                Some("172.17.0.1"),
            ),
            (None, Some("172.17.0.0/16"), Some("172.17.0.1")),
            (Some(""), Some("10.88.0.0/16"), Some("10.88.0.1")),
            (None, Some("fd00::/64"), None),
            (None, None, None),
        ] {
            let found = of(named, subnet).map(|ip| ip.to_string());
            assert_eq!(found.as_deref(), expected, "{named:?} {subnet:?}");
        }
    }
}
