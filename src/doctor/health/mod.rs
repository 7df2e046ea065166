//! What the services have been through.

pub mod ended;
pub mod log;
pub mod services;
