//! YAML with positions: parsed into a tree, read against a JSON schema, written back.

mod declared;
mod duration;
mod edit;
mod emit;
mod formats;
mod read;
mod scalar;
mod suggest;
mod tree;

pub use declared::{DECLARED, DECLARED_KEYS};
pub use duration::nanoseconds;
pub use edit::{set, set_item};
pub use emit::emit;
pub use formats::{is_project_name, udp_ports};
pub use read::{Finding, Reader, fit, join, value_of};
pub use tree::{Entry, Kind, Node, Position, is_passed_over, parse};
