//! The services of a project: wanted, planned, applied, healthy.
