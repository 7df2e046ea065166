//! What runs containers.

pub mod clock;
pub mod disk;
pub mod images;
pub mod leftovers;
pub mod network;
pub mod reachable;
