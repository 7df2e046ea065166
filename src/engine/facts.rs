//! What an engine is, and how services on it can be reached.

use crate::config::{NetworkChoice, NetworkMode};

/// What answers at an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `Docker` or `Podman`.
    pub product: String,
    /// The engine's version.
    pub version: String,
    /// The newest version of the API that it speaks.
    pub api_version: String,
    /// The operating system of the containers, such as `linux`.
    pub os: String,
    /// The engine's own name for where it runs, such as `Docker Desktop 4.50`.
    pub platform: String,
    /// The kernel under the containers.
    pub kernel: String,
    /// The kernel of this machine, empty where it is not Linux.
    pub own_kernel: String,
    /// Run by a user without root.
    pub rootless: bool,
    /// Where we found it, such as `unix:///var/run/docker.sock`.
    pub endpoint: String,
    /// Why we looked there.
    pub origin: String,
}

/// A decision and the reason to show with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What was chosen.
    pub mode: NetworkMode,
    /// Why.
    pub reason: String,
}

impl Choice {
    fn new(mode: NetworkMode, reason: impl Into<String>) -> Self {
        Self {
            mode,
            reason: reason.into(),
        }
    }
}

impl Choice {
    /// Processes have the machine's network, whatever is wished for containers.
    pub fn of_processes() -> Self {
        Self::new(
            NetworkMode::Host,
            "the services are processes of this machine",
        )
    }
}

impl Facts {
    /// The other machine that the engine is on, as its address names it.
    pub fn remote_host(&self) -> Option<&str> {
        let (host, _) = self.endpoint.strip_prefix("tcp://")?.rsplit_once(':')?;
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        (!here).then_some(host)
    }

    /// How the SFU is to be reached: the user's word, else the machine's network where the engine
    /// really is on it. Publishing 10,001 UDP ports would take Docker half an hour.
    pub fn network(&self, wanted: NetworkChoice) -> Choice {
        use NetworkMode::{Host, Published};
        match wanted {
            NetworkChoice::Auto => {}
            NetworkChoice::Host => return Choice::new(Host, "urbania.yaml says so"),
            NetworkChoice::Published => return Choice::new(Published, "urbania.yaml says so"),
        }
        if !self.endpoint.starts_with("unix://") {
            return Choice::new(Published, format!("the engine is at {}", self.endpoint));
        }
        if let Some(vm) = self.virtual_machine() {
            return Choice::new(Published, format!("the engine runs in {vm}"));
        }
        if self.rootless {
            return Choice::new(
                Published,
                format!(
                    "{} runs without root, in a network of its own",
                    self.product
                ),
            );
        }
        Choice::new(Host, "the engine runs on this machine")
    }

    /// The virtual machine around the engine, if there is one.
    pub fn virtual_machine(&self) -> Option<String> {
        let kernel = self.kernel.to_ascii_lowercase();
        let known = [
            ("docker desktop", "Docker Desktop's virtual machine"),
            ("orbstack", "OrbStack's virtual machine"),
            ("microsoft", "WSL2"),
            ("linuxkit", "Docker Desktop's virtual machine"),
            ("colima", "Colima's virtual machine"),
            ("podman/machine", "Podman's virtual machine"),
        ];
        let places = [
            self.platform.to_ascii_lowercase(),
            kernel.clone(),
            self.endpoint.to_ascii_lowercase(),
        ];
        if let Some((_, name)) = known
            .iter()
            .find(|(mark, _)| places.iter().any(|place| place.contains(mark)))
        {
            return Some((*name).to_owned());
        }
        if self.own_kernel.is_empty() {
            return Some("a virtual machine".to_owned());
        }
        (!self.kernel.is_empty() && self.kernel != self.own_kernel)
            .then(|| format!("a virtual machine (its kernel is {})", self.kernel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native() -> Facts {
        Facts {
            product: "Docker".into(),
            version: "28.2.2".into(),
            kernel: "6.1.0-40-amd64".into(),
            own_kernel: "6.1.0-40-amd64".into(),
            endpoint: "unix:///var/run/docker.sock".into(),
            ..Facts::default()
        }
    }

    fn reason(facts: &Facts) -> (NetworkMode, String) {
        let choice = facts.network(NetworkChoice::Auto);
        (choice.mode, choice.reason)
    }

    #[test]
    fn an_engine_on_this_linux_uses_its_network() {
        assert_eq!(
            reason(&native()),
            (
                NetworkMode::Host,
                "the engine runs on this machine".to_owned()
            )
        );
    }

    #[test]
    fn engines_in_virtual_machines_publish_ports() {
        let desktop = Facts {
            platform: "Docker Desktop 4.50.0 (1234)".into(),
            kernel: "6.10.14-linuxkit".into(),
            own_kernel: String::new(),
            ..native()
        };
        let wsl = Facts {
            kernel: "5.15.167.4-microsoft-standard-WSL2".into(),
            own_kernel: "5.15.167.4-microsoft-standard-WSL2".into(),
            ..native()
        };
        let colima = Facts {
            endpoint: "unix:///Users/ada/.colima/default/docker.sock".into(),
            own_kernel: String::new(),
            ..native()
        };
        let orbstack = Facts {
            kernel: "6.15.11-orbstack-00539".into(),
            own_kernel: String::new(),
            ..native()
        };
        let forwarded = Facts {
            kernel: "6.8.0-60-generic".into(),
            ..native()
        };
        for (facts, words) in [
            (
                desktop,
                "the engine runs in Docker Desktop's virtual machine",
            ),
            (wsl, "the engine runs in WSL2"),
            (colima, "the engine runs in Colima's virtual machine"),
            (orbstack, "the engine runs in OrbStack's virtual machine"),
            (
                forwarded,
                "the engine runs in a virtual machine (its kernel is 6.8.0-60-generic)",
            ),
        ] {
            assert_eq!(reason(&facts), (NetworkMode::Published, words.to_owned()));
        }
    }

    #[test]
    fn remote_and_rootless_engines_publish_ports() {
        let remote = Facts {
            endpoint: "tcp://10.0.0.5:2375".into(),
            ..native()
        };
        assert_eq!(
            reason(&remote),
            (
                NetworkMode::Published,
                "the engine is at tcp://10.0.0.5:2375".to_owned()
            )
        );
        let rootless = Facts {
            rootless: true,
            ..native()
        };
        assert_eq!(
            reason(&rootless),
            (
                NetworkMode::Published,
                "Docker runs without root, in a network of its own".to_owned()
            )
        );
    }

    #[test]
    fn an_engine_on_another_machine_is_told_from_a_forwarded_one() {
        let at = |endpoint: &str| Facts {
            endpoint: endpoint.into(),
            ..native()
        };
        assert_eq!(at("tcp://10.0.0.5:2375").remote_host(), Some("10.0.0.5"));
        assert_eq!(at("tcp://localhost:2375").remote_host(), None);
        assert_eq!(native().remote_host(), None);
    }

    #[test]
    fn the_users_word_beats_what_the_engine_is() {
        let choice = native().network(NetworkChoice::Published);
        assert_eq!(choice.mode, NetworkMode::Published);
        assert_eq!(choice.reason, "urbania.yaml says so");
    }
}
