//! Why `up` does not start, in one message: every port that is in the way, what needs it, who has
//! it, and the command that frees it.

use std::fmt::Write as _;

use super::claims::{Claim, Owner};
use super::holder::Holder;
use crate::error::Error;

/// How many ports of a range are spelt out.
const SPELT_OUT: usize = 5;

/// The error (exit 3) that names all claims that are in the way; `None` when there is none.
pub fn refusal(claims: &[Claim]) -> Option<Error> {
    let blocking: Vec<&Claim> = claims.iter().filter(|c| c.is_in_the_way()).collect();
    let message = match blocking.as_slice() {
        [] => return None,
        [claim] => sentence(claim),
        many => {
            let mut message = "ports that this project needs are taken:".to_owned();
            for claim in many {
                let _ = write!(message, "\n  {}", sentence(claim));
            }
            message
        }
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
fn sentence(claim: &Claim) -> String {
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
        Owner::Container { name, image } => match image {
            Some(image) => format!("container `{name}` (image {image})"),
            None => format!("container `{name}`"),
        },
        Owner::Process => match &claim.holder {
            Holder::Process {
                pid, command, user, ..
            } => format!("`{command}` (pid {pid}, user {user})"),
            Holder::Hidden { user } => format!("a process of user {user} that only root can see"),
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
                "stop that project: `urbania down --project {}`",
                quoted(&dir.to_string_lossy())
            )
        }
        Owner::OtherProject { dir: None, .. } => "stop all projects: `urbania down --all`".into(),
        Owner::Container { name, .. } => format!("stop it: `docker stop {name}`"),
        Owner::Process | Owner::ThisProject { .. } => match &claim.holder {
            Holder::Process { .. } => format!("end it: `urbania ports {port} --stop`"),
            Holder::Hidden { .. } => format!("see which one: `sudo urbania ports {port}`"),
            Holder::Nobody => format!("look closer: `ss -nlp 'sport = :{port}'`"),
        },
    }
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
