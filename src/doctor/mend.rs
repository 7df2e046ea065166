//! What `--fix` can do by itself, as a value that is shown before it is done.

use std::fmt;

/// Something that mends a finding and harms nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
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
            Self::Sysctl { name, value } => {
                write!(f, "set {name} = {value}, now and in {SYSCTL_FILE}")
            }
        }
    }
}

/// Where variables of the kernel are kept for the next start.
pub const SYSCTL_FILE: &str = "/etc/sysctl.d/60-urbania.conf";
