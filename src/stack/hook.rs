//! How the SFU reaches the API with its webhooks.
//!
//! On the host's network, as everybody else does. From a container with a network of its own, this
//! machine's 127.0.0.1, where the API listens by default, is another one: there the API listens at
//! the engine's bridge too, for webhooks alone; engines in a virtual machine have a name for the host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::NetworkMode;
use crate::engine::Facts;

const PATH: &str = "/api/livekit/webhook";

/// What engines in a virtual machine call the machine around it.
const HOST: &str = "host.docker.internal";

/// The way of webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// What the SFU calls; `None` where it cannot reach the API.
    pub url: Option<String>,
    /// Where the API must listen besides.
    pub listen: Option<SocketAddr>,
    /// Why the SFU cannot reach the API.
    pub problem: Option<String>,
}

/// What the choice depends on.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The engine, if one answers.
    pub engine: Option<&'a Facts>,
    /// How the SFU reaches the network.
    pub network: NetworkMode,
    /// This machine's address on the engine's bridge.
    pub gateway: Option<IpAddr>,
    /// Where other machines reach this one.
    pub own: IpAddr,
    /// `api.listen`.
    pub listen: SocketAddr,
}

impl Way {
    /// The one at this place.
    pub fn at(place: &Place<'_>) -> Self {
        let (ip, port) = (place.listen.ip(), place.listen.port());
        let here = place.engine.is_none_or(|e| e.remote_host().is_none());
        if here && place.network == NetworkMode::Host {
            return Self::to(&SocketAddr::new(reachable_here(ip), port).to_string());
        }
        if !ip.is_loopback() && !ip.is_unspecified() {
            return Self::to(&place.listen.to_string());
        }
        let Some(engine) = place.engine else {
            return Self::none("no engine answers that could tell the way");
        };
        if has_name_for_host(engine) {
            return Self::to(&format!("{HOST}:{port}"));
        }
        let bridged = here && !engine.rootless && !is_elsewhere(engine);
        if let (true, Some(gateway)) = (bridged, place.gateway) {
            let at = SocketAddr::new(gateway, port);
            return Self {
                listen: ip.is_loopback().then_some(at),
                ..Self::to(&at.to_string())
            };
        }
        if ip.is_unspecified() && !place.own.is_loopback() {
            return Self::to(&SocketAddr::new(place.own, port).to_string());
        }
        Self::none(&format!(
            "the API listens on {} alone, which the SFU cannot reach from its own network",
            place.listen
        ))
    }

    fn to(authority: &str) -> Self {
        Self {
            url: Some(format!("http://{authority}{PATH}")),
            ..Self::default()
        }
    }

    fn none(why: &str) -> Self {
        Self {
            problem: Some(format!(
                "LiveKit reports no room events: {why}. `api.listen` of urbania.yaml can be an \
                 address that it reaches; until then the API asks LiveKit every 30 s"
            )),
            ..Self::default()
        }
    }
}

/// An address of this machine at which what listens on `ip` is reached.
fn reachable_here(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Desktop engines, whose virtual machine belongs to this one.
fn has_name_for_host(engine: &Facts) -> bool {
    engine.remote_host().is_none()
        && engine.virtual_machine().is_some_and(|name| {
            let known = ["Docker Desktop", "OrbStack", "Colima", "Podman"];
            engine.own_kernel.is_empty() || known.iter().any(|known| name.contains(known))
        })
}

/// Another kernel: the engine's bridge is not this machine's.
fn is_elsewhere(engine: &Facts) -> bool {
    engine.kernel != engine.own_kernel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native() -> Facts {
        Facts {
            kernel: "6.1.0-40-amd64".into(),
            own_kernel: "6.1.0-40-amd64".into(),
            endpoint: "unix:///var/run/docker.sock".into(),
            ..Facts::default()
        }
    }

    fn way(engine: Option<&Facts>, network: NetworkMode, listen: &str) -> Way {
        Way::at(&Place {
            engine,
            network,
            gateway: Some("172.17.0.1".parse().unwrap()),
            own: "192.0.2.7".parse().unwrap(),
            listen: listen.parse().unwrap(),
        })
    }

    fn url(engine: &Facts, network: NetworkMode, listen: &str) -> Option<String> {
        let url = way(Some(engine), network, listen).url?;
        let url = url.strip_prefix("http://").unwrap();
        Some(url.strip_suffix(PATH).unwrap().to_owned())
    }

    #[test]
    fn on_the_hosts_network_the_sfu_reaches_what_we_reach() {
        for (listen, expected) in [
            ("127.0.0.1:8000", "127.0.0.1:8000"),
            ("0.0.0.0:8000", "127.0.0.1:8000"),
            ("[::]:8000", "[::1]:8000"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            let found = url(&native(), NetworkMode::Host, listen);
            assert_eq!(found.as_deref(), Some(expected));
            assert_eq!(way(None, NetworkMode::Host, listen).listen, None);
        }
    }

    #[test]
    fn from_a_bridge_the_api_is_at_the_gateway_and_listens_there_for_it() {
        let native = native();
        let way = |listen| way(Some(&native), NetworkMode::Published, listen);
        let gateway = Some("http://172.17.0.1:8000/api/livekit/webhook");
        let local = way("127.0.0.1:8000");
        assert_eq!(local.url.as_deref(), gateway);
        assert_eq!(local.listen, Some("172.17.0.1:8000".parse().unwrap()));
        let everywhere = way("0.0.0.0:8000");
        assert_eq!(
            (everywhere.url.as_deref(), everywhere.listen),
            (gateway, None)
        );
        let one = way("192.0.2.7:8000");
        assert!(one.url.unwrap().starts_with("http://192.0.2.7:8000/"));
        assert_eq!(one.listen, None);
    }

    #[test]
    fn desktop_engines_have_a_name_for_the_host() {
        let desktop = Facts {
            platform: "Docker Desktop 4.50.0".into(),
            kernel: "6.10.14-linuxkit".into(),
            own_kernel: String::new(),
            ..native()
        };
        let mac = Facts {
            own_kernel: String::new(),
            ..native()
        };
        for engine in [&desktop, &mac] {
            for listen in ["127.0.0.1:8000", "0.0.0.0:8000"] {
                let found = url(engine, NetworkMode::Published, listen);
                assert_eq!(found.as_deref(), Some("host.docker.internal:8000"));
            }
        }
    }

    #[test]
    fn engines_further_away_reach_an_open_address_or_none() {
        let remote = Facts {
            endpoint: "tcp://10.0.0.5:2375".into(),
            ..native()
        };
        let rootless = Facts {
            rootless: true,
            ..native()
        };
        let forwarded = Facts {
            kernel: "6.8.0-60-generic".into(),
            ..native()
        };
        for engine in [&remote, &rootless, &forwarded] {
            let found = url(engine, NetworkMode::Published, "0.0.0.0:8000");
            assert_eq!(found.as_deref(), Some("192.0.2.7:8000"), "{engine:?}");
            let closed = way(Some(engine), NetworkMode::Published, "127.0.0.1:8000");
            assert_eq!((closed.url, closed.listen), (None, None), "{engine:?}");
            assert!(closed.problem.unwrap().contains("127.0.0.1:8000 alone"));
        }
        assert_eq!(url(&remote, NetworkMode::Host, "127.0.0.1:8000"), None);
        assert!(
            way(None, NetworkMode::Published, "127.0.0.1:8000")
                .problem
                .is_some()
        );
    }
}
