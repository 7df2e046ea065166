//! The project's files.

pub mod doubts;
pub mod files;
pub mod leaks;
pub mod stale;
pub mod turn_certificate;
pub mod turn_peers;
