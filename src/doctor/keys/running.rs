//! Backends that run: the pairs in the environments of processes and of containers.

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::ExposeSecret as _;

use crate::config::{KEY, Project, SECRET, URLS};
use crate::doctor::{Blind, Site};
use crate::engine::Environment;
use crate::host::address::is_here;
use crate::host::command_line;
use crate::host::process::{facts, with_variables};
use crate::livekit::keys::KeyPair;

/// A backend that runs, and the pair that it was started with.
#[derive(Clone, Debug)]
pub struct Backend {
    /// What it is called: a command with its pid, or a container.
    pub name: String,
    pub is_container: bool,
    pub pair: KeyPair,
}

impl Backend {
    /// What gives it another pair.
    pub fn way(&self) -> &'static str {
        if self.is_container {
            "make it again with the pair in use: `urbania keys sync`, then `docker compose up --detach` where Compose made it"
        } else {
            "start it again, from a shell without LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
        }
    }
}

/// Those of the project, as far as this user may see them.
pub async fn backends(site: &Site) -> Result<Vec<Backend>, Blind> {
    let project = site.project()?;
    let folders = super::folders(project);
    let mut found = processes(site, &folders);
    // Without an engine there are no containers to ask about.
    if let Some(containers) = site.engine().ok().and_then(|seen| seen.engine.containers()) {
        let names = [KEY, SECRET].into_iter().chain(URLS).collect::<Vec<_>>();
        let all = containers.environments(&names).await?;
        let ours = all.iter().filter(|one| is_ours(one, project, &folders));
        found.extend(ours.filter_map(in_container));
    }
    Ok(found)
}

fn processes(site: &Site, folders: &[PathBuf]) -> Vec<Backend> {
    let ours = |pid| pid == std::process::id() || site.ours().processes.iter().any(|p| p.1 == pid);
    let found = with_variables([KEY, SECRET], folders).into_iter();
    let found = found.filter(|process| !ours(process.pid));
    let named = found.filter_map(|process| {
        let pid = process.pid;
        let facts = facts(&[pid]).remove(&pid)?;
        let command = command_line::shown(&facts.arguments);
        let [key, secret] = process.values;
        Some(Backend {
            name: format!("`{command}` (pid {pid})"),
            is_container: false,
            pair: KeyPair {
                key: key.expose_secret().to_owned(),
                secret,
            },
        })
    });
    named.collect()
}

fn in_container(found: &Environment) -> Option<Backend> {
    let value = |name| found.variables.get(name);
    Some(Backend {
        name: format!("container `{}`", found.name),
        is_container: true,
        pair: KeyPair {
            key: value(KEY)?.expose_secret().to_owned(),
            secret: value(SECRET)?.clone(),
        },
    })
}

/// Whether Compose made it in a folder of the project, or it is told where the project's SFU is.
fn is_ours(found: &Environment, project: &Project, folders: &[PathBuf]) -> bool {
    let dir = found.dir.as_ref();
    dir.is_some_and(|dir| folders.iter().any(|folder| dir.starts_with(folder)))
        || URLS.iter().any(|name| {
            let url = found.variables.get(*name);
            url.is_some_and(|url| is_here_at(url.expose_secret(), project.livekit.port))
        })
}

/// Whether an address, as a container has it, is that of a port of this machine.
fn is_here_at(url: &str, port: u16) -> bool {
    const OF_THE_MACHINE: [&str; 3] = [
        "localhost",
        "host.docker.internal",
        "host.containers.internal",
    ];
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let place = rest.split('/').next().unwrap_or_default();
    let Some((host, number)) = place.rsplit_once(':') else {
        return false;
    };
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    number.parse() == Ok(port) && (OF_THE_MACHINE.contains(&host) || ip.is_some_and(is_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_is_told_from_others() {
        for (url, expected) in [
            ("ws://localhost:7880", true),
            ("http://127.0.0.1:7880/", true),
            ("ws://[::1]:7881", false),
            ("ws://host.docker.internal:7880/rtc", true),
            ("wss://demo.livekit.cloud", false),
            ("ws://203.0.113.9:7880", false),
            ("localhost:7880", false),
        ] {
            assert_eq!(is_here_at(url, 7880), expected, "{url}");
        }
    }
}
