//! Addresses of this machine in a text, at other ports.

use super::PortMove;

/// How this machine is called in addresses.
const HERE: [&str; 6] = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "0.0.0.0",
    "host.docker.internal",
    "host.containers.internal",
];

/// A text with addresses at their new ports.
pub(super) struct Moved {
    pub(super) text: String,
    /// The addresses alone, old and new: the rest of the text may be secret.
    places: Vec<(String, String)>,
}

impl Moved {
    /// `localhost:7880 → localhost:7885`
    pub(super) fn places(&self) -> String {
        let places = self.places.iter();
        let shown: Vec<_> = places.map(|(old, new)| format!("{old} → {new}")).collect();
        shown.join(", ")
    }
}

/// A text with the addresses of this machine whose ports move at their new ones; nothing where there are none.
pub(super) fn elsewhere(text: &str, moves: &[PortMove]) -> Option<Moved> {
    let mut written = String::with_capacity(text.len());
    let mut places = Vec::new();
    for piece in text.split_inclusive(['/', '@']) {
        let begins = written.ends_with("//") || written.ends_with('@');
        match at_its_new_port(piece, moves).filter(|_| begins) {
            Some((old, new)) => {
                written.push_str(&piece.replacen(&old, &new, 1));
                places.push((old, new));
            }
            None => written.push_str(piece),
        }
    }
    (!places.is_empty()).then_some(Moved {
        text: written,
        places,
    })
}

/// `localhost:7880` at the beginning of `localhost:7880/…`, and where it goes.
fn at_its_new_port(place: &str, moves: &[PortMove]) -> Option<(String, String)> {
    let (host, rest) = HERE.iter().find_map(|host| {
        let rest = place.strip_prefix(host)?.strip_prefix(':')?;
        Some((host, rest))
    })?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    let (port, _) = rest.split_at(end.unwrap_or(rest.len()));
    let number: u16 = port.parse().ok()?;
    let is_it = |one: &&PortMove| one.from == number && one.is_in_addresses();
    let to = moves.iter().find(is_it)?.to;
    Some((format!("{host}:{port}"), format!("{host}:{to}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::sockets::Protocol;

    fn moves() -> Vec<PortMove> {
        vec![PortMove {
            service: "livekit".into(),
            purpose: "signalling".into(),
            protocol: Protocol::Tcp,
            from: 7880,
            to: 7885,
            count: 1,
        }]
    }

    #[test]
    fn addresses_of_this_machine_follow_and_others_do_not() {
        let moved = |value: &str| elsewhere(value, &moves()).map(|moved| moved.text);
        assert_eq!(moved("ws://localhost:7880").unwrap(), "ws://localhost:7885");
        assert_eq!(
            moved("http://u:p@127.0.0.1:7880/x").unwrap(),
            "http://u:p@127.0.0.1:7885/x"
        );
        assert_eq!(
            moved("http://localhost:78801,ws://localhost:7880,ws://[::1]:7880/rtc").unwrap(),
            "http://localhost:78801,ws://localhost:7885,ws://[::1]:7885/rtc"
        );
        let media = PortMove {
            protocol: Protocol::Udp,
            ..moves().remove(0)
        };
        assert!(elsewhere("ws://localhost:7880", &[media]).is_none());
        for other in [
            "ws://sfu.example.org:7880",
            "ws://localhost:78801",
            "ws://notlocalhost:7880",
            "7880",
        ] {
            assert_eq!(moved(other), None, "{other}");
        }
    }

    #[test]
    fn of_a_value_the_addresses_alone_are_told() {
        let value = "http://u:secret@127.0.0.1:7880/x?token=secret,ws://localhost:7880";
        assert_eq!(
            elsewhere(value, &moves()).unwrap().places(),
            "127.0.0.1:7880 → 127.0.0.1:7885, localhost:7880 → localhost:7885"
        );
    }
}
