//! Where the engine listens: `DOCKER_HOST`, contexts, then the usual sockets.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::context::Env;
use crate::error::{Context as _, Error, Result};

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
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(host) => write!(f, "tcp://{host}"),
        }
    }
}

/// The endpoints to try, in order. More than one only where nobody said which.
pub fn candidates(env: &Env) -> Result<Vec<Endpoint>> {
    if let Some(host) = env.get("DOCKER_HOST") {
        let address = parse(host, "DOCKER_HOST")?;
        if matches!(address, Address::Tcp(_)) && env.get("DOCKER_TLS_VERIFY").is_some() {
            return Err(no_tls("DOCKER_TLS_VERIFY", host));
        }
        return Ok(vec![Endpoint {
            address,
            origin: "DOCKER_HOST".to_owned(),
        }]);
    }
    let config_dir = env
        .get("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| env.get("HOME").map(|home| Path::new(home).join(".docker")));
    let (name, origin) = match env.get("DOCKER_CONTEXT") {
        Some(name) => (Some(name.to_owned()), "DOCKER_CONTEXT"),
        None => (
            config_dir.as_deref().and_then(current_context),
            "the current context",
        ),
    };
    match (name, config_dir) {
        (Some(name), Some(dir)) if name != "default" => Ok(vec![context(&dir, &name, origin)?]),
        _ => Ok(usual_sockets(env)),
    }
}

/// `currentContext` of Docker's config.json; a file that cannot be read has none.
fn current_context(config_dir: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "currentContext")]
        current_context: Option<String>,
    }
    let text = fs::read_to_string(config_dir.join("config.json")).ok()?;
    let config: Config = serde_json::from_str(&text).ok()?;
    config.current_context.filter(|name| !name.is_empty())
}

/// Reads a context as `docker context create` stored it.
fn context(config_dir: &Path, name: &str, origin: &str) -> Result<Endpoint> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "Endpoints", default)]
        endpoints: Endpoints,
    }
    #[derive(Default, Deserialize)]
    struct Endpoints {
        docker: Option<Docker>,
    }
    #[derive(Deserialize)]
    struct Docker {
        #[serde(rename = "Host")]
        host: String,
    }
    let id = hex(&Sha256::digest(name));
    let file = config_dir.join("contexts/meta").join(&id).join("meta.json");
    let text = fs::read_to_string(&file).map_err(|e| {
        Error::failed(format!("there is no Docker context `{name}` ({origin})"))
            .because(e)
            .hint("docker context ls shows the contexts; docker context use default goes back")
    })?;
    let meta: Meta =
        serde_json::from_str(&text).or_fail(|| format!("cannot read `{}`", file.display()))?;
    let host = meta.endpoints.docker.map(|d| d.host).ok_or_else(|| {
        Error::failed(format!(
            "the Docker context `{name}` ({origin}) has no Docker endpoint"
        ))
    })?;
    let address = parse(&host, &format!("context `{name}`"))?;
    let certificates = config_dir.join("contexts/tls").join(id).join("docker");
    if matches!(address, Address::Tcp(_)) && certificates.is_dir() {
        return Err(no_tls(&format!("context `{name}`"), &host));
    }
    Ok(Endpoint {
        address,
        origin: format!("context `{name}`"),
    })
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads an engine's address; `origin` names where it was written.
fn parse(host: &str, origin: &str) -> Result<Address> {
    let (scheme, rest) = host.split_once("://").unwrap_or(("", host));
    match scheme {
        "unix" if rest.starts_with('/') => Ok(Address::Unix(rest.into())),
        "tcp" | "http" if !rest.trim_end_matches('/').is_empty() => {
            Ok(Address::Tcp(with_port(rest.trim_end_matches('/'))))
        }
        "ssh" => Err(
            Error::failed(format!("{origin} is `{host}`: ssh is not supported")).hint(format!(
                "forward the socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock {rest}, \
                 then DOCKER_HOST=unix:///tmp/docker.sock"
            )),
        ),
        "https" => Err(no_tls(origin, host)),
        _ => Err(
            Error::failed(format!("{origin} is `{host}`: not an engine's address"))
                .hint("write unix:///path/to/docker.sock or tcp://host:port"),
        ),
    }
}

/// What is spoken in the clear to an engine that expects TLS is not understood.
fn no_tls(origin: &str, host: &str) -> Error {
    Error::failed(format!(
        "{origin} wants TLS to `{host}`, which is not supported"
    ))
    .hint("run urbania on the engine's machine")
    .hint(
        "or forward its socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST, \
         then DOCKER_HOST=unix:///tmp/docker.sock",
    )
}

fn with_port(host: &str) -> String {
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port {
        host.to_owned()
    } else {
        format!("{host}:2375")
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
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn write_context(dir: &Path, name: &str, host: &str) {
        let folder = dir.join("contexts/meta").join(hex(&Sha256::digest(name)));
        fs::create_dir_all(&folder).unwrap();
        let meta = format!(
            r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
        );
        fs::write(folder.join("meta.json"), meta).unwrap();
    }

    #[test]
    fn docker_host_beats_contexts() {
        let found = candidates(&env(&[
            ("DOCKER_HOST", "unix:///tmp/d.sock"),
            ("DOCKER_CONTEXT", "nowhere"),
        ]))
        .unwrap();
        assert_eq!(
            found,
            [Endpoint {
                address: Address::Unix("/tmp/d.sock".into()),
                origin: "DOCKER_HOST".into()
            }]
        );
    }

    #[test]
    fn the_context_of_the_environment_beats_the_current_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join("config.json"),
            r#"{"currentContext":"colima"}"#,
        )
        .unwrap();
        write_context(dir.path(), "colima", "unix:///colima.sock");
        write_context(dir.path(), "far", "tcp://10.0.0.5");
        let config = dir.path().to_str().unwrap();
        let current = candidates(&env(&[("DOCKER_CONFIG", config)])).unwrap();
        assert_eq!(current[0].origin, "context `colima`");
        assert_eq!(current[0].address.to_string(), "unix:///colima.sock");
        let named = candidates(&env(&[
            ("DOCKER_CONFIG", config),
            ("DOCKER_CONTEXT", "far"),
        ]));
        assert_eq!(named.unwrap()[0].address.to_string(), "tcp://10.0.0.5:2375");
    }

    #[test]
    fn tls_is_refused_before_anything_is_said_in_the_clear() {
        let asked = |host: &str| {
            let env = env(&[("DOCKER_HOST", host), ("DOCKER_TLS_VERIFY", "1")]);
            candidates(&env)
        };
        let error = asked("tcp://127.0.0.1:2376").unwrap_err();
        assert_eq!(
            error.to_string(),
            "DOCKER_TLS_VERIFY wants TLS to `tcp://127.0.0.1:2376`, which is not supported"
        );
        assert!(asked("unix:///tmp/d.sock").is_ok());

        let dir = tempfile::tempdir().unwrap();
        write_context(dir.path(), "safe", "tcp://far:2376");
        let id = hex(&Sha256::digest("safe"));
        fs::create_dir_all(dir.path().join("contexts/tls").join(id).join("docker")).unwrap();
        let config = dir.path().to_str().unwrap();
        let error = candidates(&env(&[
            ("DOCKER_CONFIG", config),
            ("DOCKER_CONTEXT", "safe"),
        ]));
        assert_eq!(
            error.unwrap_err().to_string(),
            "context `safe` wants TLS to `tcp://far:2376`, which is not supported"
        );
    }

    #[test]
    fn an_unknown_context_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().to_str().unwrap();
        let error = candidates(&env(&[
            ("DOCKER_CONFIG", config),
            ("DOCKER_CONTEXT", "far"),
        ]));
        assert_eq!(
            error.unwrap_err().to_string(),
            "there is no Docker context `far` (DOCKER_CONTEXT)"
        );
    }

    #[test]
    fn without_configuration_the_usual_sockets_are_tried() {
        let found = candidates(&env(&[
            ("HOME", "/home/ada"),
            ("XDG_RUNTIME_DIR", "/run/user/1000"),
        ]))
        .unwrap();
        let addresses: Vec<_> = found.iter().map(|e| e.address.to_string()).collect();
        assert_eq!(addresses[0], "unix:///var/run/docker.sock");
        assert_eq!(addresses[1], "unix:///run/user/1000/docker.sock");
        assert!(addresses.contains(&"unix:///run/user/1000/podman/podman.sock".to_owned()));
    }

    #[test]
    fn bad_addresses_say_where_they_were_written() {
        for (host, words) in [
            (
                "docker.sock",
                "DOCKER_HOST is `docker.sock`: not an engine's address",
            ),
            (
                "ssh://me@far",
                "DOCKER_HOST is `ssh://me@far`: ssh is not supported",
            ),
            (
                "https://far:2376",
                "DOCKER_HOST wants TLS to `https://far:2376`, which is not supported",
            ),
        ] {
            let error = candidates(&env(&[("DOCKER_HOST", host)])).unwrap_err();
            assert_eq!(error.to_string(), words);
            assert!(!error.hints().is_empty());
        }
    }
}
