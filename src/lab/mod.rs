//! The call lab: real browsers in one call, and a verdict on who sees and hears whom.
//!
//! [`scenario`] says who takes part and what happens; [`cast`] makes participants of it; [`target`] has the SFU and
//! the tokens. [`call`] drives the browsers and keeps a [`record`] of what their pages tell. From that alone come
//! [`measure`]ments and [`verdict`]s, and the [`report`].

pub mod browser;
pub mod call;
pub mod cast;
mod event;
mod measure;
mod page;
pub mod progress;
mod record;
pub mod report;
pub mod scenario;
mod statistics;
pub mod table;
pub mod target;
mod told;
mod verdict;

pub use page::Pages;
