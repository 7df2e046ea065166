//! What the tests share.

#![allow(dead_code, reason = "the areas land one after the other")]

pub mod api;
pub mod browser;
pub mod certificates;
pub mod cut_line;
pub mod docker;
pub mod dockerd;
pub mod engine;
pub mod engine_elsewhere;
pub mod firefox;
pub mod holder;
pub mod mongo;
pub mod native;
pub mod network;
pub mod nobody;
pub mod own;
pub mod page_server;
pub mod podman;
pub mod poor_line;
pub mod ports;
pub mod processes;
pub mod project;
pub mod reaper;
pub mod registry;
pub mod sfu;
pub mod sfu_kind;
pub mod signal;
pub mod store;
pub mod until;
