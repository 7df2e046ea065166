//! Where the engine listens: `DOCKER_HOST`, contexts, then the usual sockets.

mod context;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::context::Env;
use crate::error::{Error, Result};

/// A place to look for an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address.
    pub address: Address,
    /// Why we look there, such as "DOCKER_HOST".
    pub origin: String,
}

/// An address that we can speak to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// `host:port`, without encryption.
    Tcp(String),
    /// `host:port` over TLS.
    Tls {
        /// The engine.
        host: String,
        /// The folder with `ca.pem`, `cert.pem` and `key.pem`.
        certificates: PathBuf,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(host) | Self::Tls { host, .. } => write!(f, "tcp://{host}"),
        }
    }
}

/// What is spoken to an engine that is not at a socket.
enum Speech {
    Clear,
    /// With the certificates of this folder.
    Tls(PathBuf),
}

/// The endpoints to try, in order. More than one only where nobody said which.
pub fn candidates(env: &Env) -> Result<Vec<Endpoint>> {
    let config_dir = env
        .get("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| env.get("HOME").map(|home| Path::new(home).join(".docker")));
    if let Some(host) = env.get("DOCKER_HOST") {
        let speech = speech(env, host, config_dir.as_deref())?;
        return Ok(vec![Endpoint {
            address: parse(host, "DOCKER_HOST", speech)?,
            origin: "DOCKER_HOST".to_owned(),
        }]);
    }
    let (name, origin) = match env.get("DOCKER_CONTEXT") {
        Some(name) => (Some(name.to_owned()), "DOCKER_CONTEXT"),
        None => (
            config_dir.as_deref().and_then(context::current),
            "the current context",
        ),
    };
    match (name, config_dir) {
        (Some(name), Some(dir)) if name != "default" => {
            Ok(vec![context::endpoint(&dir, &name, origin)?])
        }
        _ => Ok(usual_sockets(env)),
    }
}

/// What the environment says of an engine at `DOCKER_HOST`. Like Docker's own client: what is set
/// at all counts.
fn speech(env: &Env, host: &str, config_dir: Option<&Path>) -> Result<Speech> {
    let certificates = env.get("DOCKER_CERT_PATH").map(PathBuf::from);
    if env.get("DOCKER_TLS_VERIFY").is_some() {
        let folder = certificates.or_else(|| config_dir.map(Path::to_path_buf));
        return Ok(Speech::Tls(folder.unwrap_or_default()));
    }
    if env.get("DOCKER_TLS").is_some() && !host.starts_with("unix://") {
        return Err(unverified("DOCKER_TLS", host).hint("DOCKER_TLS_VERIFY=1 verifies it"));
    }
    Ok(Speech::Clear)
}

/// An engine that anybody could pretend to be is told no secret.
fn unverified(origin: &str, host: &str) -> Error {
    Error::failed(format!(
        "{origin} wants TLS to `{host}` without verifying who answers, which is not supported"
    ))
}

/// Reads an engine's address; `origin` names where it was written.
fn parse(host: &str, origin: &str, speech: Speech) -> Result<Address> {
    let (scheme, rest) = host.split_once("://").unwrap_or(("", host));
    match scheme {
        "unix" if rest.starts_with('/') => Ok(Address::Unix(rest.into())),
        "tcp" | "http" if !rest.trim_end_matches('/').is_empty() => {
            let host = rest.trim_end_matches('/');
            Ok(match speech {
                Speech::Clear => Address::Tcp(with_port(host, 2375)),
                Speech::Tls(certificates) => Address::Tls {
                    host: with_port(host, 2376),
                    certificates,
                },
            })
        }
        "ssh" => Err(
            Error::failed(format!("{origin} is `{host}`: ssh is not supported")).hint(format!(
                "forward the socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock {rest}, \
                 then DOCKER_HOST=unix:///tmp/docker.sock"
            )),
        ),
        "https" => Err(
            Error::failed(format!("{origin} is `{host}`: not an engine's address")).hint(format!(
                "write tcp://{rest}, and DOCKER_TLS_VERIFY=1 with the certificates in DOCKER_CERT_PATH"
            )),
        ),
        _ => Err(
            Error::failed(format!("{origin} is `{host}`: not an engine's address"))
                .hint("write unix:///path/to/docker.sock or tcp://host:port"),
        ),
    }
}

fn with_port(host: &str, usual: u16) -> String {
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port {
        host.to_owned()
    } else {
        format!("{host}:{usual}")
    }
}

/// Where engines listen when nobody configured anything.
fn usual_sockets(env: &Env) -> Vec<Endpoint> {
    let runtime = env.get("XDG_RUNTIME_DIR").map(PathBuf::from);
    let home = env.get("HOME").map(PathBuf::from);
    let in_runtime = |path: &str| runtime.as_ref().map(|dir| dir.join(path));
    let in_home = |path: &str| home.as_ref().map(|dir| dir.join(path));
    [
        (Some("/var/run/docker.sock".into()), "the usual socket"),
        (in_runtime("docker.sock"), "the rootless socket"),
        (
            in_home(".docker/run/docker.sock"),
            "Docker Desktop's socket",
        ),
        (in_home(".colima/default/docker.sock"), "Colima's socket"),
        (in_home(".orbstack/run/docker.sock"), "OrbStack's socket"),
        (in_runtime("podman/podman.sock"), "Podman's socket"),
        (
            Some("/run/podman/podman.sock".into()),
            "Podman's system socket",
        ),
    ]
    .into_iter()
    .filter_map(|(path, origin)| {
        Some(Endpoint {
            address: Address::Unix(path?),
            origin: origin.to_owned(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests;
