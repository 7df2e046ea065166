//! The services of a project: wanted, planned, applied, healthy.

pub mod api;
pub mod apis;
pub mod down;
pub mod health;
pub mod hook;
pub mod interrupt;
pub mod last_words;
pub mod logs;
pub mod network;
pub mod participants;
pub mod plan;
pub mod progress;
pub mod reach;
pub mod report;
pub mod rotation;
pub mod service;
pub mod serving;
pub mod settle;
pub mod site;
pub mod status;
pub mod stop;
pub mod undo;
pub mod unproved;
pub mod up;
pub mod wanted;
pub mod watch;
