//! Every known way in which a self-hosted LiveKit fails, as a list of small checks.
//!
//! [`Site`] gathers what is there, once. A [`Check`] looks at it and says what it found; what it decides, it
//! decides in pure functions. [`examine()`] runs all checks at once, each within its own time, and makes one
//! [`Examination`] of it. A check that cannot look says why ([`Blind`]); it is never silently well.
//!
//! A new check: a file in the folder of its group with a unit struct that implements [`Check`], a line in
//! [`CHECKS`], and a test that makes the fault. `urbania doctor --pages docs/doctor` writes its page.

pub mod address;
mod check;
mod config;
mod engine;
mod examine;
mod finding;
mod group;
mod health;
mod ice;
mod keys;
mod machine;
mod mend;
mod page;
mod ports;
mod seen;
mod site;
mod skew;

pub use check::{About, Blind, CHECKS, Check, Look};
pub use examine::{Examination, Looked, OfGroup, examine};
pub use finding::{Finding, Verdict};
pub use group::Group;
pub use mend::{Mend, SYSCTL_FILE};
pub use page::{explanation, named, pages};
pub use seen::{ContainersSeen, EngineSeen, SfuSeen};
pub use site::Site;
