//! What `--fix` can do by itself, as a value that is shown before it is done.

use std::fmt;

use crate::stack::orphans::Lost;

/// Something that mends a finding and harms nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// Writes the pair in use into the env files of the project.
    SyncKeys,
    /// Stops and starts the SFU, which ends its calls.
    RestartSfu,
    /// Removes containers, which are there with id and name.
    RemoveContainers(Vec<(String, String)>),
    /// Ends a process that its project does not know any more.
    EndProcess(Lost),
    /// Sets a variable of the kernel, now and at every start of the machine.
    Sysctl {
        /// Its name, `net.core.rmem_max`.
        name: &'static str,
        /// Its value from now on.
        value: String,
    },
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SyncKeys => {
                f.write_str("write the pair in use into the env files (urbania keys sync)")
            }
            Self::RestartSfu => {
                f.write_str("restart the SFU, which ends its calls (urbania restart livekit)")
            }
            Self::RemoveContainers(containers) => {
                let names: Vec<_> = containers.iter().map(|(_, name)| name.as_str()).collect();
                write!(
                    f,
                    "remove the containers {}, also those that run",
                    names.join(", ")
                )
            }
            Self::EndProcess(lost) => {
                write!(f, "end process {} of `{}`", lost.pid, lost.dir.display())
            }
            Self::Sysctl { name, value } => {
                write!(f, "set {name} = {value}, now and in {SYSCTL_FILE}")
            }
        }
    }
}

/// Where variables of the kernel are kept for the next start.
pub const SYSCTL_FILE: &str = "/etc/sysctl.d/60-urbania.conf";
