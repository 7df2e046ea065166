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
    /// The container's name.
    pub name: String,
    /// The image.
    pub image: String,
    /// Arguments for the image's entrypoint.
    pub args: Vec<String>,
    /// Environment without secrets: anybody with access to the engine can read it.
    pub env: BTreeMap<String, String>,
    /// Files put into the instance before it starts; the place for secrets.
    pub files: Vec<Upload>,
    /// Named volumes.
    pub volumes: Vec<VolumeMount>,
    /// How it is reached.
    pub network: Network,
}

/// A file put into an instance before it starts.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Where, absolute.
    pub path: String,
    /// What.
    pub contents: SecretString,
    /// Owner and group inside the instance.
    pub owner: u64,
    /// Permissions.
    pub mode: u32,
}

/// A named volume and where it appears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeMount {
    /// The volume's name.
    pub name: String,
    /// The folder inside the instance.
    pub target: String,
}

/// How an instance is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// It shares the network of the machine.
    Host,
    /// It has its own network, and these ports lead into it.
    Published(Vec<PublishedPort>),
}

/// A port of the machine that leads into an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// The address of the machine that it is bound to.
    pub address: IpAddr,
    /// The port of the machine.
    pub port: u16,
    /// The port inside the instance.
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
        hash.add("image", &self.image);
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
        hash.add("network", &format!("{:?}", self.network));
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

    fn spec() -> ServiceSpec {
        ServiceSpec {
            project: "p".into(),
            dir: "/p".into(),
            service: "livekit".into(),
            name: "urbania-p-livekit".into(),
            image: "livekit:1".into(),
            args: vec!["--config".into(), "/etc/livekit.yaml".into()],
            env: BTreeMap::new(),
            files: vec![Upload {
                path: "/etc/livekit.yaml".into(),
                contents: "port: 7880".into(),
                owner: 0,
                mode: 0o400,
            }],
            volumes: Vec::new(),
            network: Network::Host,
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
        changed.image = "livekit:2".into();
        assert_ne!(changed.config_hash(), before);
        let mut changed = spec();
        changed.network = Network::Published(vec![PublishedPort::everywhere(1, Protocol::Udp)]);
        assert_ne!(changed.config_hash(), before);
    }

    #[test]
    fn the_folder_does_not_change_the_hash() {
        let mut changed = spec();
        changed.dir = "/moved".into();
        assert_eq!(changed.config_hash(), spec().config_hash());
    }
}
