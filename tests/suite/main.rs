//! Everything that is tested from the outside: one binary, one module an area.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy takes helpers of tests for shipped code"
)]

mod call;
mod lock;
mod ports;
mod process;
mod support;
