//! Reaching an engine, and saying why when that fails.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker as Client};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::endpoint::{Address, Endpoint};
use super::failure::Explain;
use super::tls;
use crate::engine::{Facts, REQUEST_TIMEOUT};
use crate::error::{Error, Result};

/// How long a remote engine may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The oldest version of the API that has all we use: Docker 20.10, Podman 3.
const OLDEST_API: (u32, u32) = (1, 41);

/// Connects to the first endpoint that accepts. The failure is that of the most promising one.
pub async fn first_that_answers(candidates: Vec<Endpoint>) -> Result<(Client, Endpoint)> {
    let mut failures = Vec::new();
    for endpoint in candidates {
        match knock(&endpoint.address).await {
            Ok(()) => {
                let client = client(&endpoint)?;
                tls::greet(&client, &endpoint).await?;
                return Ok((client, endpoint));
            }
            Err(e) => failures.push((endpoint, e)),
        }
    }
    Err(failure(&failures))
}

/// Opens a connection and closes it: the kernel's answer tells the failures apart.
async fn knock(address: &Address) -> io::Result<()> {
    match address {
        Address::Unix(path) => UnixStream::connect(path).await.map(drop),
        Address::Tcp(host) | Address::Tls { host, .. } => {
            timeout(CONNECT_TIMEOUT, TcpStream::connect(host))
                .await
                .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
                .map(drop)
        }
    }
}

fn client(endpoint: &Endpoint) -> Result<Client> {
    let address = endpoint.address.to_string();
    let seconds = REQUEST_TIMEOUT.as_secs();
    match &endpoint.address {
        Address::Unix(_) => Client::connect_with_unix(&address, seconds, API_DEFAULT_VERSION),
        Address::Tcp(_) => Client::connect_with_http(&address, seconds, API_DEFAULT_VERSION),
        Address::Tls { certificates, .. } => {
            let [ca, cert, key] = tls::files(certificates, endpoint)?;
            Client::connect_with_ssl(&address, &key, &cert, &ca, seconds, API_DEFAULT_VERSION)
        }
    }
    .explain(|| format!("cannot reach the engine at {address}"))
}

/// A socket that refuses says more than one that is not there.
fn failure(failures: &[(Endpoint, io::Error)]) -> Error {
    let telling = failures
        .iter()
        .find(|(_, e)| e.kind() == ErrorKind::PermissionDenied)
        .or_else(|| {
            failures
                .iter()
                .find(|(_, e)| e.kind() != ErrorKind::NotFound)
        });
    if let Some((endpoint, e)) = telling {
        return one_failure(endpoint, e);
    }
    match failures {
        [(endpoint, e)] => one_failure(endpoint, e),
        _ => Error::failed("no Docker engine is running on this machine")
            .hint(format!(
                "looked for {}",
                failures
                    .iter()
                    .map(|(endpoint, _)| endpoint.address.to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            ))
            .hint(START_DOCKER),
    }
}

const START_DOCKER: &str = "start it (Linux: sudo systemctl start docker) or install it: https://docs.docker.com/engine/install/";

fn one_failure(endpoint: &Endpoint, e: &io::Error) -> Error {
    let place = format!("{} ({})", endpoint.address, endpoint.origin);
    match e.kind() {
        ErrorKind::PermissionDenied => {
            let error = Error::failed(format!(
                "this user may not use the Docker engine at {place}"
            ));
            match &endpoint.address {
                Address::Unix(path) => error.hint(join_group(path)),
                Address::Tcp(_) | Address::Tls { .. } => error,
            }
        }
        ErrorKind::NotFound => Error::failed(format!(
            "no Docker engine is running: there is no socket {place}"
        ))
        .hint(START_DOCKER),
        ErrorKind::ConnectionRefused => Error::failed(format!(
            "no Docker engine is running: nobody answers at {place}"
        ))
        .hint(START_DOCKER),
        ErrorKind::TimedOut => Error::failed(format!("the engine at {place} does not answer"))
            .hint("is the address right, and the way to it open?"),
        _ => Error::failed(format!("cannot reach the engine at {place}: {e}")),
    }
}

/// The command that lets this user in, with the group that owns the socket.
fn join_group(socket: &Path) -> String {
    let group = fs::metadata(socket)
        .ok()
        .and_then(|meta| group_name(meta.gid()))
        .filter(|name| name != "root")
        .unwrap_or_else(|| "docker".to_owned());
    format!("sudo usermod -aG {group} \"$USER\", then log in again (or: newgrp {group})")
}

fn group_name(gid: u32) -> Option<String> {
    let groups = fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(gid)).then(|| name.to_owned())
    })
}

/// Asks the engine what it is; refuses one that is too old.
pub async fn facts(client: &Client, endpoint: &Endpoint) -> Result<Facts> {
    let version = client
        .version()
        .await
        .explain(|| format!("the engine at {} does not answer", endpoint.address))?;
    let components: Vec<String> = version
        .components
        .unwrap_or_default()
        .into_iter()
        .map(|c| c.name)
        .collect();
    let podman = components.iter().any(|name| name.contains("Podman"));
    let address = endpoint.address.to_string();
    let facts = Facts {
        product: if podman { "Podman" } else { "Docker" }.to_owned(),
        version: version.version.unwrap_or_default(),
        api_version: version.api_version.unwrap_or_default(),
        os: version.os.unwrap_or_default(),
        platform: version.platform.map(|p| p.name).unwrap_or_default(),
        kernel: version.kernel_version.unwrap_or_default(),
        own_kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .map(|text| text.trim().to_owned())
            .unwrap_or_default(),
        rootless: components.iter().any(|name| name == "rootlesskit")
            || (podman && address.contains("/run/user/")),
        endpoint: address,
        origin: endpoint.origin.clone(),
    };
    if too_old(&facts.api_version) {
        return Err(Error::failed(format!(
            "{} {} at {} is too old: it speaks API {}, urbania needs {}.{}",
            facts.product,
            facts.version,
            facts.endpoint,
            facts.api_version,
            OLDEST_API.0,
            OLDEST_API.1
        ))
        .hint("Docker 20.10 and Podman 3 are new enough"));
    }
    if facts.os != "linux" {
        return Err(Error::failed(format!(
            "the engine at {} runs {} containers; the services need Linux ones",
            facts.endpoint, facts.os
        ))
        .hint("Docker Desktop: \"Switch to Linux containers\""));
    }
    Ok(facts)
}

fn too_old(api_version: &str) -> bool {
    let mut parts = api_version.split('.').map(|part| part.parse().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    version < OLDEST_API
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(path: &Path) -> Endpoint {
        Endpoint {
            address: Address::Unix(path.into()),
            origin: "DOCKER_HOST".into(),
        }
    }

    #[tokio::test]
    async fn a_missing_socket_is_told_from_one_that_nobody_serves() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("d.sock");
        let gone = first_that_answers(vec![endpoint(&socket)]).await;
        assert_eq!(
            gone.unwrap_err().to_string(),
            format!(
                "no Docker engine is running: there is no socket unix://{} (DOCKER_HOST)",
                socket.display()
            )
        );
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        let dead = first_that_answers(vec![endpoint(&socket)]).await;
        assert_eq!(
            dead.unwrap_err().to_string(),
            format!(
                "no Docker engine is running: nobody answers at unix://{} (DOCKER_HOST)",
                socket.display()
            )
        );
    }

    #[test]
    fn a_socket_without_permission_names_the_group_command() {
        let denied = (
            endpoint(Path::new("/nowhere/docker.sock")),
            io::Error::from(ErrorKind::PermissionDenied),
        );
        let gone = (
            endpoint(Path::new("/nowhere/else.sock")),
            io::Error::from(ErrorKind::NotFound),
        );
        let error = failure(&[gone, denied]);
        assert_eq!(
            error.to_string(),
            "this user may not use the Docker engine at unix:///nowhere/docker.sock (DOCKER_HOST)"
        );
        assert_eq!(
            error.hints(),
            ["sudo usermod -aG docker \"$USER\", then log in again (or: newgrp docker)"]
        );
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(too_old("1.9"));
        assert!(too_old("1.40"));
        assert!(too_old(""));
        assert!(!too_old("1.41"));
        assert!(!too_old("1.100"));
    }
}
