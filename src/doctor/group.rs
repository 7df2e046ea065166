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
    /// Media's way to the SFU.
    Ice,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ports, Self::Ice];

    /// Its name, with which the codes of its checks begin.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ports => "ports",
            Self::Ice => "ice",
        }
    }

    /// What it is about.
    pub fn about(self) -> &'static str {
        match self {
            Self::Ports => "the ports that the stack needs",
            Self::Ice => "media's way to the SFU",
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
