//! Everything that is tested from the outside: one binary, one module an area.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy takes helpers of tests for shipped code"
)]

mod address;
mod api_connection_details;
mod api_description;
mod api_fuzz;
mod api_joins;
mod api_killed;
mod api_kraken;
mod api_log;
mod api_meetings;
mod api_metrics;
mod api_outages;
mod api_policy;
mod api_refusals;
mod api_rooms;
mod api_server;
mod api_token_source;
mod api_urbania;
mod auth;
mod call;
mod cli_seed;
mod cli_users;
mod command_line;
mod config;
mod deployment;
mod docker;
mod docs;
mod doctor;
mod effective;
mod embedded;
mod engines;
mod faults;
mod init;
mod keys;
mod lab;
mod lint;
mod lock;
mod open;
mod participant;
mod ports;
mod process;
mod rotation;
mod sdk;
mod sfu;
mod store;
mod support;
mod token_inspect;
mod web;
