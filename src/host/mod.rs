//! What urbania knows about this machine: its sockets and their holders, its processes, its
//! addresses, its files.

pub mod address;
pub mod claims;
pub mod command_line;
pub mod files;
pub mod firewall;
pub mod holder;
pub mod inside;
pub mod kernel;
pub mod lock;
pub mod log_file;
pub mod ports;
pub mod process;
pub mod refusal;
pub mod sockets;
pub mod taken;
