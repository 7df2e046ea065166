//! Who is in which room of the SFU.
//!
//! The SFU tells of changes by webhooks, and can be asked. Both become a [`Call`]: [`follow`] has
//! the pure functions, in which news may be late, doubled or out of order; [`memory`] has the calls
//! of all rooms, also of those that nobody made through the API; [`look()`] asks.
//!
//! [`Call`]: crate::store::Call

pub mod changes;
pub mod follow;
pub mod look;
pub mod making;
pub mod memory;

pub use changes::{Change, changes};
pub use look::{Seen, look};
pub use memory::Presence;
