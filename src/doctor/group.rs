//! The groups of checks.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What a group of checks is about, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The ports that the stack needs.
    Ports,
    /// The key pair, and everybody who must have the same one.
    Keys,
    /// The addresses that browsers are told.
    Address,
    /// Media's way to the SFU.
    Ice,
    /// The project's files.
    Config,
    /// What runs containers.
    Engine,
    /// Clock, processor, memory, limits, firewall.
    Machine,
    /// What the services have been through.
    Health,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ports,
        Self::Keys,
        Self::Address,
        Self::Ice,
        Self::Config,
        Self::Engine,
        Self::Machine,
        Self::Health,
    ];

    /// Its name, with which the codes of its checks begin.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ports => "ports",
            Self::Keys => "keys",
            Self::Address => "address",
            Self::Ice => "ice",
            Self::Config => "config",
            Self::Engine => "engine",
            Self::Machine => "machine",
            Self::Health => "health",
        }
    }

    /// What it is about.
    pub fn about(self) -> &'static str {
        match self {
            Self::Ports => "the ports that the stack needs",
            Self::Keys => "the key pair, and everybody who must have the same one",
            Self::Address => "the addresses that browsers are told",
            Self::Ice => "media's way to the SFU",
            Self::Config => "the project's files",
            Self::Engine => "what runs containers",
            Self::Machine => "clock, processor, memory, limits, firewall",
            Self::Health => "what the services have been through",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|group| group.as_str() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|group| group.as_str()).collect();
            format!("the groups are {}", names.join(", "))
        })
    }
}
