//! Ports that are taken, put into words: what needs them, who has them, how to get them back.

use std::path::PathBuf;

use super::holder::{Containers, Holder};
use super::ports::{Conflict, PortNeed};
use crate::error::{Error, Result};

/// The processes and containers that belong to the project at hand.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    /// The project's name, as in the label `io.urbania.project`.
    pub project: String,
    /// Detached processes of the project: service and process id.
    pub processes: Vec<(String, u32)>,
}

/// Whose a taken port is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The very project that needs it.
    ThisProject {
        /// Its service.
        service: String,
    },
    /// Another urbania project of this machine.
    OtherProject {
        /// Its name.
        name: String,
        /// Its service.
        service: String,
        /// Its folder.
        dir: Option<PathBuf>,
    },
    /// A container that is not ours.
    Container {
        /// Its name.
        name: String,
        /// Its image.
        image: String,
    },
    /// Any other process, seen or hidden.
    Process,
}

/// Ports of one need that one owner has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What needs them.
    pub need: PortNeed,
    /// The ports, in order.
    pub ports: Vec<u16>,
    /// Whose they are.
    pub owner: Owner,
    /// The process behind them.
    pub holder: Holder,
}

/// Finds out whose the sockets of `conflicts` are.
pub fn claims(
    conflicts: &[Conflict],
    ours: &Ours,
    containers: &dyn Containers,
) -> Result<Vec<Claim>> {
    let _ = (conflicts, ours, containers);
    Ok(Vec::new())
}

/// The error of an `up` that cannot go on (exit 3); `None` when all claims are the project's own.
pub fn refusal(claims: &[Claim]) -> Option<Error> {
    let _ = claims;
    None
}
