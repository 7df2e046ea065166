//! The services of a project: wanted, planned, applied, healthy.

pub mod health;
pub mod plan;
pub mod service;
pub mod wanted;
