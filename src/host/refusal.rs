//! Why `up` does not start, in one message: every port that is in the way, what needs it, who has
//! it, and the command that frees it.

use super::claims::{Claim, Owner};
use super::holder::Holder;
use crate::error::Error;

/// How many ports of a range are spelt out.
const SPELT_OUT: usize = 5;

/// The error (exit 3) that names all claims that are in the way; `None` when there is none.
pub fn refusal(claims: &[Claim]) -> Option<Error> {
    // A published port has two holders, one for IPv4 and one for IPv6, of one container.
    let mut sentences: Vec<String> = Vec::new();
    for sentence in claims.iter().filter(|c| c.is_in_the_way()).map(sentence) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    let message = match sentences.as_slice() {
        [] => return None,
        [one] => one.clone(),
        many => format!(
            "ports that this project needs are taken:\n  {}",
            many.join("\n  ")
        ),
    };
    let error = Error::problem(message);
    Some(ways_out(claims).into_iter().fold(error, Error::hint))
}

/// How to free what is in the way, each way once.
pub fn ways_out(claims: &[Claim]) -> Vec<String> {
    let mut ways = Vec::new();
    for claim in claims.iter().filter(|c| c.is_in_the_way()) {
        let way = way_out(claim);
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

/// `port 7880/tcp, which livekit needs for signalling, is held by …`
pub fn sentence(claim: &Claim) -> String {
    let plural = claim.ports.len() > 1;
    format!(
        "port{} {}/{}, which {} needs for {}, {} held by {}",
        if plural { "s" } else { "" },
        listed(&claim.ports),
        claim.need.protocol,
        claim.need.service,
        claim.need.purpose,
        if plural { "are" } else { "is" },
        described(claim)
    )
}

/// `50000, 50010-50012 and 40 more`
pub fn listed(ports: &[u16]) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for &port in ports {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(port) => *last = port,
            _ => runs.push((port, port)),
        }
    }
    let shown: Vec<String> = runs
        .iter()
        .take(SPELT_OUT)
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first}-{last}"),
        })
        .collect();
    let more: usize = (runs.iter().skip(SPELT_OUT))
        .map(|(first, last)| usize::from(last - first) + 1)
        .sum();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The owner in a few words.
pub fn described(claim: &Claim) -> String {
    match &claim.owner {
        Owner::ThisProject { service } => format!("this project: {service}"),
        Owner::OtherProject { name, service, dir } => match dir {
            Some(dir) => format!(
                "urbania project `{name}` ({service}) in `{}`",
                dir.display()
            ),
            None => format!("urbania project `{name}` ({service})"),
        },
        Owner::Container { name, image, .. } => match image {
            Some(image) => format!("container `{name}` (image {image})"),
            None => format!("container `{name}`"),
        },
        Owner::Process => match &claim.holder {
            Holder::Process {
                pid, command, user, ..
            } => format!("`{command}` (pid {pid}, user {user})"),
            Holder::Hidden { user } => format!("a process of user {user} that only root can see"),
            Holder::Ended => "a connection that has ended".to_owned(),
            Holder::Nobody => "the kernel itself".to_owned(),
        },
    }
}

/// The command that frees the ports, or that shows who must be asked.
pub fn way_out(claim: &Claim) -> String {
    let port = claim.ports.first().copied().unwrap_or(claim.need.first);
    match &claim.owner {
        Owner::OtherProject { dir: Some(dir), .. } => {
            format!(
                "stop that project: `urbania down --project {}`, or move this one: `urbania ports --free`",
                quoted(&dir.to_string_lossy())
            )
        }
        Owner::OtherProject { dir: None, .. } => "stop all projects: `urbania down --all`".into(),
        Owner::Container { name, .. } => format!("stop it: `docker stop {name}`"),
        Owner::Process | Owner::ThisProject { .. } => match &claim.holder {
            Holder::Process {
                container: Some(_), ..
            } => format!("find its container: `docker ps --filter publish={port}`"),
            Holder::Process { .. } => format!("end it: `urbania ports {port} --stop`"),
            Holder::Hidden { .. } => format!("see which one: `sudo urbania ports {port}`"),
            Holder::Ended => "try again in a minute: Linux keeps such a port for so long".into(),
            Holder::Nobody => format!("look closer: `ss -nlp 'sport = :{port}'`"),
        },
    }
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::ports::PortNeed;
    use crate::host::sockets::Protocol;

    fn claim(owner: Owner, ports: &[u16]) -> Claim {
        Claim {
            need: PortNeed {
                service: "livekit".into(),
                purpose: "signalling".into(),
                protocol: Protocol::Tcp,
                address: None,
                first: 7880,
                last: 7880,
            },
            ports: ports.to_vec(),
            owner,
            holder: Holder::Process {
                pid: 4711,
                command: "python3 -m http.server 7880".into(),
                user: "ann".into(),
                started: jiff::Timestamp::UNIX_EPOCH,
                container: None,
            },
            tolerable: false,
        }
    }

    fn other_project() -> Owner {
        Owner::OtherProject {
            name: "shop".into(),
            service: "livekit".into(),
            dir: Some("/home/ann/my shop".into()),
        }
    }

    fn container() -> Owner {
        Owner::Container {
            id: "0123".into(),
            name: "web".into(),
            image: Some("nginx:1.29".into()),
        }
    }

    /// The message and its hints as `main` prints them.
    fn printed(claims: &[Claim]) -> String {
        let error = refusal(claims).unwrap();
        assert_eq!(error.exit(), crate::error::Exit::ProblemFound);
        let hints = error.hints().iter().map(|hint| format!("\nhint: {hint}"));
        format!("{error}{}", hints.collect::<String>())
    }

    #[test]
    fn each_owner_is_named_with_the_way_to_free_the_port() {
        let mut hidden = claim(Owner::Process, &[7880]);
        hidden.holder = Holder::Hidden { user: "bob".into() };
        for (claim, expected) in [
            (
                claim(Owner::Process, &[7880]),
                "port 7880/tcp, which livekit needs for signalling, is held by \
                 `python3 -m http.server 7880` (pid 4711, user ann)\n\
                 hint: end it: `urbania ports 7880 --stop`",
            ),
            (
                claim(container(), &[7880]),
                "port 7880/tcp, which livekit needs for signalling, is held by container `web` \
                 (image nginx:1.29)\n\
                 hint: stop it: `docker stop web`",
            ),
            (
                claim(other_project(), &[7880]),
                "port 7880/tcp, which livekit needs for signalling, is held by urbania project \
                 `shop` (livekit) in `/home/ann/my shop`\n\
                 hint: stop that project: `urbania down --project '/home/ann/my shop'`, or \
                 move this one: `urbania ports --free`",
            ),
            (
                hidden,
                "port 7880/tcp, which livekit needs for signalling, is held by a process of user \
                 bob that only root can see\n\
                 hint: see which one: `sudo urbania ports 7880`",
            ),
        ] {
            assert_eq!(printed(&[claim]), expected);
        }
    }

    #[test]
    fn several_are_told_in_one_go_and_each_way_out_once() {
        let claims = [
            claim(other_project(), &[7880]),
            claim(other_project(), &[7881]),
            claim(container(), &[7882, 7883, 7890]),
        ];
        assert_eq!(
            printed(&claims),
            "ports that this project needs are taken:\n  \
             port 7880/tcp, which livekit needs for signalling, is held by urbania project `shop` \
             (livekit) in `/home/ann/my shop`\n  \
             port 7881/tcp, which livekit needs for signalling, is held by urbania project `shop` \
             (livekit) in `/home/ann/my shop`\n  \
             ports 7882-7883, 7890/tcp, which livekit needs for signalling, are held by container \
             `web` (image nginx:1.29)\n\
             hint: stop that project: `urbania down --project '/home/ann/my shop'`, or move this one: \
             `urbania ports --free`\n\
             hint: stop it: `docker stop web`"
        );
    }

    #[test]
    fn what_is_ours_or_tolerable_is_no_reason() {
        let ours = Owner::ThisProject {
            service: "livekit".into(),
        };
        let mut tolerable = claim(Owner::Process, &[50_000]);
        tolerable.tolerable = true;
        assert!(refusal(&[claim(ours, &[7880]), tolerable]).is_none());
    }

    #[test]
    fn ports_are_listed_as_runs_and_long_lists_are_cut() {
        assert_eq!(listed(&[1]), "1");
        assert_eq!(listed(&[1, 2, 3, 5]), "1-3, 5");
        assert_eq!(listed(&[65534, 65535]), "65534-65535");
        assert_eq!(
            listed(&[1, 3, 5, 7, 9, 11, 12, 14]),
            "1, 3, 5, 7, 9 and 3 more"
        );
    }
}
