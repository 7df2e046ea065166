//! What a text must look like, by the `format` of its schema.

use std::net::{IpAddr, SocketAddr};

use super::duration::nanoseconds;
use crate::store::User;

/// What is wrong with a text, as the end of a sentence that begins with it; `None` when it is fine.
pub fn complaint(format: &str, text: &str) -> Option<&'static str> {
    let (fits, otherwise): (fn(&str) -> bool, _) = match format {
        "socket-address" => (
            is_socket_address,
            "is not an IP address with a port, such as 127.0.0.1:8000",
        ),
        "project-name" => (
            is_project_name,
            "is not a project name: lower-case letters, digits, `-` and `_`, a letter or digit first",
        ),
        "websocket-url" => (
            |t| is_url(t, &["ws://", "wss://"]),
            "is not an address that begins with ws:// or wss://",
        ),
        "http-url" => (
            |t| is_url(t, &["http://", "https://"]),
            "is not an address that begins with http:// or https://",
        ),
        "origin" => (
            is_origin,
            "is not an origin, such as https://app.example.com (no path, no slash at the end)",
        ),
        "firebase-project" => (
            is_firebase_project,
            "is not the id of a Firebase project, such as my-app-1a2b3",
        ),
        "image" => (is_image, "is not the name of an image"),
        "go-duration" => (
            |t| nanoseconds(t).is_some(),
            "is not a duration, such as 500ms or 1m30s",
        ),
        "udp-ports" => (
            |t| udp_ports(t).is_some(),
            "is neither a port nor ports such as 7882-7892",
        ),
        "user-name" => (
            User::is_name,
            "is not a user's name: 1 to 256 characters, no space at the ends",
        ),
        "word" => (User::is_role, "is not one word"),
        "id" => (
            |t| (1..=256).contains(&t.len()) && !t.contains(char::is_control),
            "is not an id: 1 to 256 bytes, no control characters",
        ),
        "password" => (
            |t| (1..=1024).contains(&t.len()),
            "is not a password: 1 to 1024 bytes",
        ),
        "database" => (
            |t| is_mongodb_name(t, 63, "/\\. \"$*<>:|?"),
            "is not the name of a database",
        ),
        "collection" => (
            |t| is_mongodb_name(t, 120, "$") && !t.starts_with("system."),
            "is not the name of a collection",
        ),
        "field" => (
            |t| t.split('.').all(|part| is_mongodb_name(part, 120, "$")),
            "is not the name of a field",
        ),
        "node-ip" => (
            is_node_ip,
            "is not an IP address, nor an IPv4 and an IPv6 address with a comma between",
        ),
        _ => return None,
    };
    (!fits(text)).then_some(otherwise)
}

fn is_socket_address(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
}

/// Whether containers and volumes can be called so.
pub fn is_project_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.len() <= 40
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

fn is_url(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|s| text.strip_prefix(s));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':', '?', '#'])
            && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

fn is_origin(text: &str) -> bool {
    text == "*"
        || (is_url(text, &["http://", "https://"])
            && text
                .split_once("://")
                .is_some_and(|(_, host)| !host.contains(['/', '?', '#', '@', '*'])))
}

/// Whether MongoDB takes a name without the characters in `without`.
fn is_mongodb_name(text: &str, longest: usize, without: &str) -> bool {
    (1..=longest).contains(&text.len())
        && !text.contains(|c: char| c.is_control() || without.contains(c))
}

/// Old ones have a domain before a colon.
fn is_firebase_project(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c))
}

fn is_image(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c))
}

/// The ports that `7882` or `7882-7892` means; LiveKit reads numbers here that are no ports.
pub fn udp_ports(text: &str) -> Option<(i64, i64)> {
    let (first, last) = match text.split_once('-') {
        None => (text, None),
        Some((first, last)) => (first.trim_matches(' '), Some(last.trim_matches(' '))),
    };
    let first: i64 = first.parse().ok()?;
    let last = match last {
        // LiveKit refuses a range of one.
        Some(last) => last.parse().ok().filter(|last| *last > first)?,
        None => first,
    };
    Some((first, last))
}

fn is_node_ip(text: &str) -> bool {
    let parsed: Option<Vec<IpAddr>> = text.split(',').map(|p| p.trim().parse().ok()).collect();
    match parsed.as_deref() {
        Some([_]) => true,
        Some([a, b]) => a.is_ipv4() != b.is_ipv4(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(format: &str, texts: &[&str]) {
        for text in texts {
            assert_eq!(complaint(format, text), None, "{text}");
        }
    }

    fn bad(format: &str, texts: &[&str]) {
        for text in texts {
            assert!(complaint(format, text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn udp_ports_are_one_or_a_rising_pair() {
        good("udp-ports", &["7882", "7882-7892", "7882 - 7892"]);
        bad(
            "udp-ports",
            &["", "7892-7882", "7882-7882", "a", "-5", "7_882"],
        );
    }

    #[test]
    fn a_node_address_is_one_of_each_family_at_most() {
        good("node-ip", &["10.0.0.1", "::1", "10.0.0.1,fe80::1"]);
        bad("node-ip", &["", "host", "10.0.0.1,10.0.0.2", "1,2,3"]);
    }

    #[test]
    fn addresses_need_their_scheme_and_a_host() {
        good("websocket-url", &["ws://localhost:7880", "wss://a.b/c"]);
        bad(
            "websocket-url",
            &["http://a", "ws://", "localhost", "ws:///x"],
        );
        good("origin", &["*", "http://localhost:3000"]);
        bad("origin", &["http://a/", "localhost:3000", "https://*.a"]);
    }

    #[test]
    fn names_in_mongodb_are_those_that_it_takes() {
        good("field", &["_id", "meeting_active", "settings.voice.roles"]);
        bad("field", &["", "$where", "a..b", ".a", "a.$b", "a\0"]);
        good("collection", &["readingclubs", "app.clubs"]);
        bad("collection", &["", "a$b", "system.users"]);
        good("database", &["booky", "app-2"]);
        bad("database", &["", "a.b", "a b", "a/b"]);
    }

    #[test]
    fn project_names_are_what_containers_can_be_called() {
        good("project-name", &["a", "my_app-2"]);
        bad("project-name", &["", "My", "-a", "a b", "ä"]);
    }
}
