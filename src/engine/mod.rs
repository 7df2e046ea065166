//! Ways to run a service.
