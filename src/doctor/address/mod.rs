//! The addresses that browsers are told.

pub mod advertised;
pub mod changed;
pub mod container;
pub mod stun;
pub mod url;

use std::net::IpAddr;

/// Addresses that are nobody's on the internet.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}
