//! This machine: clock, processor, memory, limits, firewall.

pub mod avx;
pub mod capacity;
pub mod clock;
pub mod firewall;
pub mod localhost;
pub mod open_files;
pub mod udp_buffer;
