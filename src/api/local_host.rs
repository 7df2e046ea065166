//! Whether a request calls this server by a name of this machine.
//!
//! A page on the web can have its own name lead to 127.0.0.1 after it was loaded (DNS rebinding). To the
//! browser we are then of the same origin, so that the page reads every answer; but it sends its name.

use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use std::net::{IpAddr, Ipv4Addr};

/// What Android's emulator calls the machine that it runs on.
const OF_EMULATOR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2));

/// Whether every name that the request gives is one of this machine, and there is one.
pub fn is_named(parts: &Parts) -> bool {
    let of_uri = parts.uri.authority().map(Authority::as_str);
    let hosts = parts.headers.get_all(header::HOST).iter();
    let mut hosts = hosts
        .map(|host| host.to_str().unwrap_or_default())
        .chain(of_uri)
        .peekable();
    hosts.peek().is_some() && hosts.all(is_local)
}

fn is_local(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host().trim_end_matches('.');
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback() || ip == OF_EMULATOR,
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for local in [
            "localhost",
            "LOCALHOST:8000",
            "localhost.:8000",
            "127.0.0.1:8000",
            "127.8.9.1",
            "[::1]:8000",
            "[::ffff:127.0.0.1]",
            "10.0.2.2:8000",
        ] {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "",
            "attacker.example:8140",
            "localhost.attacker.example",
            "127.0.0.1.attacker.example",
            "192.168.1.7:8000",
            "[::2]",
            "localhost@attacker.example",
            "a b",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }

    #[test]
    fn every_name_that_is_given_counts_and_one_must_be() {
        let named = |uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().uri(uri);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            is_named(&request.body(()).unwrap().into_parts().0)
        };
        assert!(named("/", &["localhost"]));
        assert!(named("http://localhost/", &[]));
        assert!(!named("/", &[]));
        assert!(!named("/", &["localhost", "attacker.example"]));
        assert!(!named("http://attacker.example/", &["localhost"]));
    }
}
