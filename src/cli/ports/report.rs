//! The ports as a table and as JSON.

use jiff::Timestamp;
use serde::Serialize;

use crate::host::claims::{Claim, Owner};
use crate::host::holder::Holder;
use crate::host::ports::PortNeed;
use crate::host::refusal::{described, listed};
use crate::host::sockets::Protocol;
use crate::output::Table;

/// How a need stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Nobody is there.
    Free,
    /// This project has it already.
    Ours,
    /// Some ports of a range are taken; what is left is enough.
    Enough,
    /// Somebody else has it.
    Held,
}

impl State {
    fn of(claims: &[&Claim]) -> Self {
        let is_ours = |claim: &&Claim| matches!(claim.owner, Owner::ThisProject { .. });
        if claims.is_empty() {
            Self::Free
        } else if claims.iter().all(is_ours) {
            Self::Ours
        } else if claims.iter().any(|claim| claim.is_in_the_way()) {
            Self::Held
        } else {
            Self::Enough
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Ours => "ours",
            Self::Enough => "enough free",
            Self::Held => "held",
        }
    }
}

fn of_need<'a>(need: &PortNeed, claims: &'a [Claim]) -> Vec<&'a Claim> {
    claims.iter().filter(|c| c.need == *need).collect()
}

/// The column that is cut to what fits.
const HOLDER: usize = 4;

/// One row for the ports of each holder, after one of its own for a range that none of them has whole. `width`
/// is that of a terminal.
pub fn table(needs: &[PortNeed], claims: &[Claim], now: Timestamp, width: Option<usize>) -> Table {
    let mut table = Table::new(&[
        "proto", "port", "for", "state", "holder", "pid", "user", "since",
    ]);
    for need in needs {
        let claims = of_need(need, claims);
        let state = State::of(&claims).word();
        let purpose = match need.service.as_str() {
            "" => "-".to_owned(),
            service => format!("{service}: {}", need.purpose),
        };
        let protocol = need.protocol.to_string();
        let is_whole = |claim: &&Claim| claim.ports.len() == need.count();
        if !claims.iter().any(is_whole) && (need.count() > 1 || claims.is_empty()) {
            let ports = if need.count() > 1 {
                format!("{}-{}", need.first, need.last)
            } else {
                need.first.to_string()
            };
            table.row([&protocol, &ports, &purpose, state, "-", "-", "-", "-"]);
        }
        for row in rows(&claims, now) {
            let [ports, state, holder, pids, user, since] = &row;
            table.row([&protocol, ports, &purpose, state, holder, pids, user, since]);
        }
    }
    if let Some(width) = width {
        table.fit(HOLDER, width);
    }
    table
}

/// Ports, state, holder, process ids, user, since. A published port has a process for IPv4 and one for IPv6:
/// those that differ in nothing else share a row.
fn rows(claims: &[&Claim], now: Timestamp) -> Vec<[String; 6]> {
    let mut rows: Vec<[String; 6]> = Vec::new();
    for claim in claims {
        let state = match State::of(&[claim]) {
            State::Enough => State::Held,
            state => state,
        };
        let [pid, user, since] = process(claim, now);
        let ports = listed(&claim.ports);
        let row = [ports, state.word().into(), holder(claim), pid, user, since];
        let is_same = |other: &&mut [String; 6]| {
            let [ports, state, holder, _, user, _] = &row;
            [ports, state, holder, user] == [&other[0], &other[1], &other[2], &other[4]]
        };
        match rows.iter_mut().find(is_same) {
            Some(other) if other[3] == row[3] => {}
            Some(other) => other[3] = format!("{}, {}", other[3], row[3]),
            None => rows.push(row),
        }
    }
    rows
}

/// The holder without what has columns of its own.
fn holder(claim: &Claim) -> String {
    match (&claim.owner, &claim.holder) {
        (Owner::Process, Holder::Process { command, .. }) => command.clone(),
        _ => described(claim),
    }
}

fn process(claim: &Claim, now: Timestamp) -> [String; 3] {
    let none = || "-".to_owned();
    match &claim.holder {
        Holder::Process {
            pid, user, started, ..
        } => [pid.to_string(), user.clone(), ago(*started, now)],
        Holder::Hidden { user } => [none(), user.clone(), none()],
        Holder::Nobody | Holder::Ended => [none(), none(), none()],
    }
}

/// `45s`, `12m`, `3h 5m`, `2d 4h`.
fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = (now.as_second() - then.as_second()).max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

/// The result for scripts.
#[derive(Debug, Serialize)]
pub struct Ports<'a> {
    ports: Vec<Port<'a>>,
}

/// A port, or a range of them, and who has it.
#[derive(Debug, Serialize)]
struct Port<'a> {
    protocol: Protocol,
    first: u16,
    last: u16,
    /// What it is for; null for a port that the project does not need.
    service: Option<&'a str>,
    purpose: Option<&'a str>,
    state: State,
    held: Vec<Held<'a>>,
}

/// Ports that one holder has.
#[derive(Debug, Serialize)]
struct Held<'a> {
    ports: &'a [u16],
    /// `this-project`, `project`, `container`, `process`, `hidden` or `nobody`.
    owner: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dir: Option<&'a std::path::Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    pid: Option<u32>,
    command: Option<&'a str>,
    user: Option<&'a str>,
    since: Option<String>,
}

/// The ports for `-o json`.
pub fn json<'a>(needs: &'a [PortNeed], claims: &'a [Claim]) -> Ports<'a> {
    let some = |text: &'a str| (!text.is_empty()).then_some(text);
    let ports = needs
        .iter()
        .map(|need| {
            let claims = of_need(need, claims);
            Port {
                protocol: need.protocol,
                first: need.first,
                last: need.last,
                service: some(&need.service),
                purpose: some(&need.purpose),
                state: State::of(&claims),
                held: claims.into_iter().map(Held::new).collect(),
            }
        })
        .collect();
    Ports { ports }
}

impl<'a> Held<'a> {
    fn new(claim: &'a Claim) -> Self {
        let mut held = Self::by(&claim.holder);
        held.ports = &claim.ports;
        match &claim.owner {
            Owner::Process => {}
            Owner::ThisProject { service } => {
                held.owner = "this-project";
                held.service = Some(service);
            }
            Owner::OtherProject { name, service, dir } => {
                held.owner = "project";
                held.project = Some(name);
                held.service = Some(service);
                held.dir = dir.as_deref();
            }
            Owner::Container { name, image, .. } => {
                held.owner = "container";
                held.container = Some(name);
                held.image = image.as_deref();
            }
        }
        held
    }

    fn by(holder: &'a Holder) -> Self {
        let nobody = Self {
            ports: &[],
            owner: "nobody",
            project: None,
            service: None,
            dir: None,
            container: None,
            image: None,
            pid: None,
            command: None,
            user: None,
            since: None,
        };
        match holder {
            Holder::Process {
                pid,
                command,
                user,
                started,
                ..
            } => Self {
                owner: "process",
                pid: Some(*pid),
                command: Some(command),
                user: Some(user),
                since: Some(started.to_string()),
                ..nobody
            },
            Holder::Hidden { user } => Self {
                owner: "hidden",
                user: Some(user),
                ..nobody
            },
            Holder::Nobody | Holder::Ended => nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(need: &PortNeed, ports: Vec<u16>, pid: u32) -> Claim {
        Claim {
            need: need.clone(),
            ports,
            owner: Owner::Container {
                id: "0123".into(),
                name: "web".into(),
                image: None,
            },
            holder: Holder::Process {
                pid,
                command: "docker-proxy".into(),
                user: "root".into(),
                started: Timestamp::UNIX_EPOCH,
                container: None,
            },
            tolerable: false,
        }
    }

    fn shown(needs: &[PortNeed], claims: &[Claim]) -> Vec<String> {
        let table = table(needs, claims, Timestamp::UNIX_EPOCH, None).to_string();
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        table.lines().skip(1).map(squeezed).collect()
    }

    #[test]
    fn the_two_holders_of_a_published_port_share_a_row() {
        let needs = [PortNeed::media(80, 80)];
        let claims = [claim(&needs[0], vec![80], 7), claim(&needs[0], vec![80], 9)];
        let row = "udp 80 livekit: media held container `web` 7, 9 root 0s";
        assert_eq!(shown(&needs, &claims), [row]);
        // Those of other ports do not.
        let needs = [PortNeed::media(80, 81)];
        let claims = [claim(&needs[0], vec![80], 7), claim(&needs[0], vec![81], 9)];
        assert_eq!(shown(&needs, &claims).len(), 3);
    }

    #[test]
    fn a_range_that_one_holder_has_whole_is_one_row() {
        let needs = [PortNeed::media(80, 82)];
        let whole = claim(&needs[0], vec![80, 81, 82], 7);
        let row = "udp 80-82 livekit: media held container `web` 7 root 0s";
        assert_eq!(shown(&needs, &[whole]), [row]);
        let part = claim(&needs[0], vec![80, 82], 7);
        assert_eq!(
            shown(&needs, &[part]),
            [
                "udp 80-82 livekit: media held - - - -",
                "udp 80, 82 livekit: media held container `web` 7 root 0s",
            ]
        );
    }
}
