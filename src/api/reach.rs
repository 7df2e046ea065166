//! Where a caller's browser reaches the SFU.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderName, header};

use crate::config::LivekitConfig;

/// In it, `urbania open --phone` on this machine says at which address of its own it leads to the SFU. From
/// elsewhere nobody can say so.
pub const BY_WAY_OF: HeaderName = HeaderName::from_static("urbania-sfu");

/// The address of the SFU as callers are told.
#[derive(Clone, Debug)]
pub struct Reach {
    fixed: Option<String>,
    local: String,
    here: String,
    port: u16,
}

impl Reach {
    /// `fixed` is told to everybody. Without it, a caller on this machine is told `localhost`, and
    /// a caller on another one the name by which it reached us.
    pub fn new(fixed: Option<String>, livekit: &LivekitConfig) -> Self {
        Self {
            fixed,
            local: livekit.websocket_here(),
            here: livekit.url_here(),
            port: livekit.port,
        }
    }

    /// The address for the sender of these headers.
    pub fn url<'a>(&'a self, headers: &'a HeaderMap) -> Cow<'a, str> {
        if let Some(way) = by_way_of(headers) {
            return way.into();
        }
        if let Some(fixed) = &self.fixed {
            return fixed.into();
        }
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .and_then(foreign_host);
        match host {
            Some(host) => format!("ws://{host}:{}", self.port).into(),
            None => self.local.as_str().into(),
        }
    }

    /// Where this process itself reaches the SFU's server API: `http://…` or `https://…`.
    pub fn server(&self) -> String {
        match self.fixed.as_deref() {
            None => self.here.clone(),
            Some(url) => {
                let url = url.trim_end_matches('/');
                match url.strip_prefix("ws") {
                    Some(rest) => format!("http{rest}"),
                    None => url.to_owned(),
                }
            }
        }
    }
}

fn by_way_of(headers: &HeaderMap) -> Option<&str> {
    let way = headers.get(&BY_WAY_OF)?.to_str().ok()?;
    way.starts_with("wss://").then_some(way)
}

/// The name or address in a `Host` header, unless it means this machine or is nonsense.
fn foreign_host(host: &str) -> Option<&str> {
    if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let end = host.len() - port.len();
        return (is_port(port) && !address.is_loopback()).then_some(&host[..end]);
    }
    let name = match host.split_once(':') {
        Some((name, port)) if is_port(&host[host.len() - port.len() - 1..]) => name,
        Some(_) => return None,
        None => host,
    };
    if let Ok(address) = name.parse::<IpAddr>() {
        return (!address.is_loopback() && !address.is_unspecified()).then_some(name);
    }
    let local =
        name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    (is_hostname(name) && !local).then_some(name)
}

/// Nothing, or a colon and a port.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        Some(port) => port.parse::<u16>().is_ok_and(|port| port > 0) && !port.starts_with('+'),
        None => text.is_empty(),
    }
}

fn is_hostname(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= 253
        && name.split('.').all(label)
        // What ends in digits alone is meant as an address and is none.
        && !name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn url(host: &str) -> String {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
        Reach::new(None, &LivekitConfig::default())
            .url(&headers)
            .into_owned()
    }

    #[test]
    fn a_caller_from_elsewhere_is_told_the_host_that_it_used() {
        for (host, expected) in [
            ("meet.example.org", "ws://meet.example.org:7880"),
            ("192.168.1.7:8000", "ws://192.168.1.7:7880"),
            ("laptop:8000", "ws://laptop:7880"),
            ("[2001:db8::1]:8000", "ws://[2001:db8::1]:7880"),
            ("[2001:db8::1]", "ws://[2001:db8::1]:7880"),
        ] {
            assert_eq!(url(host), expected);
        }
    }

    #[test]
    fn this_machine_and_nonsense_are_localhost() {
        for host in [
            "",
            "localhost",
            "LOCALHOST:8000",
            "app.localhost:8000",
            "127.0.0.1:8000",
            "127.1.2.3",
            "[::1]:8000",
            "0.0.0.0",
            "a b",
            "evil.example/x",
            "evil.example:8000/x",
            "user@evil.example",
            "evil.example:",
            "evil.example:0",
            "evil.example:+80",
            "evil.example:99999",
            "-evil",
            "e..vil",
            "1.2.3",
            "1.2.3.4.5",
            "[::1",
            "[evil]",
            "[fe80::1%25eth0]",
            "evil\"",
            "evil,other",
        ] {
            assert_eq!(url(host), "ws://localhost:7880", "{host}");
        }
    }

    #[test]
    fn a_fixed_address_is_told_to_everybody() {
        let reach = Reach::new(
            Some("wss://sfu.example.org".into()),
            &LivekitConfig::default(),
        );
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("laptop"))]);
        assert_eq!(reach.url(&headers), "wss://sfu.example.org");
    }

    #[test]
    fn whoever_came_through_the_door_for_phones_is_told_its_address_whatever_is_fixed() {
        let told = |way: &'static str| {
            let headers = HeaderMap::from_iter([(BY_WAY_OF, HeaderValue::from_static(way))]);
            let fixed = Some("ws://sfu.example.org".to_owned());
            let reach = Reach::new(fixed, &LivekitConfig::default());
            reach.url(&headers).into_owned()
        };
        assert_eq!(told("wss://192.168.1.7:8443"), "wss://192.168.1.7:8443");
        assert_eq!(told("javascript:alert(1)"), "ws://sfu.example.org");
    }

    #[test]
    fn the_server_api_is_where_the_socket_is() {
        let server = |fixed: Option<&str>| {
            Reach::new(fixed.map(str::to_owned), &LivekitConfig::default()).server()
        };
        assert_eq!(server(None), "http://127.0.0.1:7880");
        assert_eq!(server(Some("ws://sfu:1/")), "http://sfu:1");
        assert_eq!(server(Some("wss://sfu")), "https://sfu");
        assert_eq!(server(Some("https://sfu/livekit")), "https://sfu/livekit");
    }
}
