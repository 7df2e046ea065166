//! What an engine is asked to run, as a value.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::host::sockets::Protocol;

/// A service to run. Everything in it goes into [`ServiceSpec::config_hash`].
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// The project's name.
    pub project: String,
    /// The project's folder.
    pub dir: PathBuf,
    /// The service's name.
    pub service: String,
    /// The instance's name.
    pub name: String,
    /// What runs.
    pub runs: Runs,
    /// Arguments, for an image those of its entrypoint.
    pub args: Vec<String>,
    /// Environment without secrets: anybody with access to the engine can read it.
    pub env: BTreeMap<String, String>,
    /// Files put into the instance before it starts; the place for secrets.
    pub files: Vec<Upload>,
    /// Named volumes.
    pub volumes: Vec<VolumeMount>,
}

/// What a service runs.
#[derive(Clone, Debug)]
pub enum Runs {
    /// An image, in a container.
    Image {
        /// Its name.
        image: String,
        /// How the container is reached.
        network: Network,
    },
    /// A program, as a process of this machine.
    Program {
        /// Where it is.
        path: PathBuf,
        /// What tells it from another one, whatever its path: a process goes on while this is the same.
        identity: String,
        /// Environment that nobody but the process's own user may see.
        secrets: BTreeMap<String, SecretString>,
    },
}

/// A file put into an instance before it starts.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Where: absolute in a container, relative to the folder in which a process runs.
    pub path: String,
    /// What.
    pub contents: SecretString,
    /// Owner and group inside a container; a process's files are its user's, and closed to all others.
    pub owner: u64,
    /// Permissions inside a container.
    pub mode: u32,
}

/// A named volume and where it appears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeMount {
    /// The volume's name.
    pub name: String,
    /// The folder: absolute in a container, relative to the folder in which a process runs.
    pub target: String,
}

/// How a container is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// It shares the network of the machine.
    Host,
    /// It has its own network, and these ports lead into it.
    Published(Vec<PublishedPort>),
}

/// A port of the machine that leads into a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// The address of the machine that it is bound to.
    pub address: IpAddr,
    /// The port of the machine.
    pub port: u16,
    /// The port inside the container.
    pub inside: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
}

impl PublishedPort {
    /// A port that is the same inside, on every address of the machine.
    pub fn everywhere(port: u16, protocol: Protocol) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port,
            inside: port,
            protocol,
        }
    }
}

impl ServiceSpec {
    /// The label that tells whether an instance still is what is wanted: 32 hexadecimal digits.
    pub fn config_hash(&self) -> String {
        let mut hash = Fields(Sha256::new());
        match &self.runs {
            Runs::Image { image, .. } => hash.add("image", image),
            Runs::Program {
                identity, secrets, ..
            } => {
                hash.add("program", identity);
                for (name, value) in secrets {
                    hash.add(name, value.expose_secret());
                }
            }
        }
        for arg in &self.args {
            hash.add("arg", arg);
        }
        for (name, value) in &self.env {
            hash.add(name, value);
        }
        for file in &self.files {
            hash.add(&file.path, file.contents.expose_secret());
            hash.add("mode", &format!("{} {:o}", file.owner, file.mode));
        }
        for volume in &self.volumes {
            hash.add(&volume.name, &volume.target);
        }
        if let Runs::Image { network, .. } = &self.runs {
            hash.add("network", &format!("{network:?}"));
        }
        hash.digest()
    }
}

/// Names and values, each with its length in front, so that no two lists hash alike by accident.
struct Fields(Sha256);

impl Fields {
    fn add(&mut self, name: &str, value: &str) {
        for part in [name, value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    fn digest(self) -> String {
        let digest = self.0.finalize();
        digest[..16].iter().fold(String::new(), |mut hex, byte| {
            use std::fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(image: &str, network: Network) -> Runs {
        let image = image.into();
        Runs::Image { image, network }
    }

    fn program(path: &str, identity: &str, secret: &str) -> Runs {
        Runs::Program {
            path: path.into(),
            identity: identity.into(),
            secrets: BTreeMap::from([("SECRET".into(), secret.into())]),
        }
    }

    fn spec() -> ServiceSpec {
        ServiceSpec {
            project: "p".into(),
            dir: "/p".into(),
            service: "livekit".into(),
            name: "urbania-p-livekit".into(),
            runs: image("livekit:1", Network::Host),
            args: vec!["--config".into(), "/etc/livekit.yaml".into()],
            env: BTreeMap::new(),
            files: vec![Upload {
                path: "/etc/livekit.yaml".into(),
                contents: "port: 7880".into(),
                owner: 0,
                mode: 0o400,
            }],
            volumes: Vec::new(),
        }
    }

    #[test]
    fn the_same_spec_has_the_same_hash() {
        assert_eq!(spec().config_hash(), spec().config_hash());
        assert_eq!(spec().config_hash().len(), 32);
    }

    #[test]
    fn every_part_of_what_runs_changes_the_hash() {
        let before = spec().config_hash();
        let mut changed = spec();
        changed.files[0].contents = "port: 7881".into();
        assert_ne!(changed.config_hash(), before);
        let mut changed = spec();
        changed.runs = image("livekit:2", Network::Host);
        assert_ne!(changed.config_hash(), before);
        let mut changed = spec();
        let ports = vec![PublishedPort::everywhere(1, Protocol::Udp)];
        changed.runs = image("livekit:1", Network::Published(ports));
        assert_ne!(changed.config_hash(), before);
    }

    #[test]
    fn a_program_is_the_same_wherever_it_is_until_it_is_another_one() {
        let hash = |runs| ServiceSpec { runs, ..spec() }.config_hash();
        let before = hash(program("/old/urbania", "urbania 1", "a"));
        assert_eq!(hash(program("/new/urbania", "urbania 1", "a")), before);
        assert_ne!(hash(program("/old/urbania", "urbania 2", "a")), before);
        assert_ne!(hash(program("/old/urbania", "urbania 1", "b")), before);
    }

    #[test]
    fn the_folder_does_not_change_the_hash() {
        let mut changed = spec();
        changed.dir = "/moved".into();
        assert_eq!(changed.config_hash(), spec().config_hash());
    }
}
