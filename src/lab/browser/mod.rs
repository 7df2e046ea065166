//! Chromium: found on this machine, started, and driven over its DevTools protocol.
//!
//! One process for all participants, each in a context of its own, which shares no storage and no renderer with
//! another: half the memory of a process each.

mod chromium;
mod devtools;
mod find;
mod memory;
mod tab;

pub use chromium::{Chromium, Launch, is_root};
pub use devtools::DevToolsError;
pub use find::find;
pub use memory::fits;
pub use tab::{Conditions, Tab};
