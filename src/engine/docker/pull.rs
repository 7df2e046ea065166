//! Fetching images, with the credentials of `docker login`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::Docker as Client;
use bollard::auth::DockerCredentials;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::failure::explained;
use crate::context::Env;
use crate::engine::Progress;
use crate::error::{Error, Result};

/// How long a registry is waited for that need not be asked.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(10);

/// Where `docker login` keeps what it was told.
#[derive(Clone, Debug)]
pub struct Credentials {
    config: Option<PathBuf>,
}

/// The part of Docker's config.json that knows about registries.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    auths: std::collections::HashMap<String, Login>,
    creds_store: Option<String>,
    cred_helpers: std::collections::HashMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Login {
    auth: Option<String>,
    identitytoken: Option<String>,
}

/// What a credential helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl Credentials {
    /// Those of the user whose environment this is.
    pub fn of(env: &Env) -> Self {
        let dir = env
            .get("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| env.get("HOME").map(|home| Path::new(home).join(".docker")));
        Self {
            config: dir.map(|dir| dir.join("config.json")),
        }
    }

    /// The login for the registry of `image`, if there is one.
    async fn for_image(&self, image: &str) -> Option<DockerCredentials> {
        let text = fs::read_to_string(self.config.as_ref()?).ok()?;
        let config: Config = serde_json::from_str(&text).ok()?;
        let registry = registry(image);
        let key = if registry == "docker.io" {
            "https://index.docker.io/v1/"
        } else {
            registry
        };
        let helper = config.cred_helpers.get(key).or(config.creds_store.as_ref());
        if let Some(helper) = helper
            && let Some(login) = ask_helper(helper, key).await
        {
            return Some(login);
        }
        stored(config.auths.get(key)?, key)
    }
}

/// A login as config.json holds it: `user:password` in base64.
fn stored(login: &Login, server: &str) -> Option<DockerCredentials> {
    if let Some(token) = login.identitytoken.clone().filter(|t| !t.is_empty()) {
        return Some(DockerCredentials {
            identitytoken: Some(token),
            serveraddress: Some(server.to_owned()),
            ..DockerCredentials::default()
        });
    }
    let decoded = STANDARD.decode(login.auth.as_ref()?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(DockerCredentials {
        username: Some(username.to_owned()),
        password: Some(password.trim_end_matches('\0').to_owned()),
        serveraddress: Some(server.to_owned()),
        ..DockerCredentials::default()
    })
}

/// Asks `docker-credential-<helper>`, which reads a server on stdin and answers JSON.
async fn ask_helper(helper: &str, server: &str) -> Option<DockerCredentials> {
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    child
        .stdin
        .take()?
        .write_all(server.as_bytes())
        .await
        .ok()?;
    let answer = child.wait_with_output().await.ok()?;
    let login: Helped = serde_json::from_slice(&answer.stdout).ok()?;
    Some(DockerCredentials {
        username: Some(login.username),
        password: Some(login.secret),
        serveraddress: Some(server.to_owned()),
        ..DockerCredentials::default()
    })
}

/// The registry in an image's name: what stands before the first slash, if it looks like a host.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// Name and tag of an image; a digest stays with the name.
fn name_and_tag(image: &str) -> (&str, &str) {
    if image.contains('@') {
        return (image, "");
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// Fetches `image`.
pub async fn pull(
    client: &Client,
    credentials: &Credentials,
    image: &str,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<()> {
    let login = credentials.for_image(image).await;
    let logged_in = login.is_some();
    let (name, tag) = name_and_tag(image);
    let options = CreateImageOptionsBuilder::new()
        .from_image(name)
        .tag(tag)
        .build();
    let mut events = Box::pin(client.create_image(Some(options), None, login));
    while let Some(event) = events.next().await {
        let event = event.map_err(|e| refused(image, logged_in, e))?;
        let detail = event.progress_detail.unwrap_or_default();
        let bytes = |n: Option<i64>| n.and_then(|n| n.try_into().ok()).unwrap_or(0);
        report(Progress {
            layer: event.id.unwrap_or_default(),
            status: event.status.unwrap_or_default(),
            current: bytes(detail.current),
            total: bytes(detail.total),
        });
    }
    Ok(())
}

/// Asks the image's registry, by way of the engine, whether it would give the image.
pub async fn is_offered(client: &Client, credentials: &Credentials, image: &str) -> Result<()> {
    let login = credentials.for_image(image).await;
    let logged_in = login.is_some();
    let asked = client.inspect_registry_image(image, login);
    match timeout(REGISTRY_PATIENCE, asked).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(e)) => Err(refused(image, logged_in, e)),
        Err(_) => Err(Error::failed(format!(
            "the registry {} does not answer",
            registry(image)
        ))),
    }
}

/// Why the image did not come, told apart as far as registries do.
fn refused(image: &str, logged_in: bool, e: bollard::errors::Error) -> Error {
    let words = e.to_string().to_ascii_lowercase();
    let registry = registry(image);
    let error = explained(format!("cannot pull image `{image}`"), e);
    let has = |marks: &[&str]| marks.iter().any(|mark| words.contains(mark));
    if has(&[
        "unauthorized",
        "denied",
        "no basic auth",
        "authentication required",
    ]) {
        let error = error.hint(if logged_in {
            format!("the registry refuses the stored login: docker login {registry}")
        } else {
            format!("if it is private, log in first: docker login {registry}")
        });
        return error.hint("is the name right? see images: in urbania.yaml");
    }
    if has(&[
        "not found",
        "manifest unknown",
        "no such image",
        "does not exist",
    ]) {
        return error.hint("there is no such image or tag: see images: in urbania.yaml");
    }
    if has(&[
        "no such host",
        "timeout",
        "connection refused",
        "network is unreachable",
        "eof",
        "dial tcp",
    ]) {
        return error.hint(format!(
            "the engine cannot reach the registry {registry}; layers that came stay, so up again goes on from there"
        ));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_what_looks_like_a_host() {
        assert_eq!(registry("mongo:8.0"), "docker.io");
        assert_eq!(registry("livekit/livekit-server:v1"), "docker.io");
        assert_eq!(registry("localhost:5000/mongo"), "localhost:5000");
        assert_eq!(registry("ghcr.io/a/b@sha256:0"), "ghcr.io");
    }

    #[test]
    fn a_tag_is_not_a_port() {
        assert_eq!(name_and_tag("mongo:8.0"), ("mongo", "8.0"));
        assert_eq!(
            name_and_tag("localhost:5000/mongo"),
            ("localhost:5000/mongo", "latest")
        );
        assert_eq!(name_and_tag("a/b@sha256:0"), ("a/b@sha256:0", ""));
    }

    #[test]
    fn a_stored_login_is_decoded() {
        let login = Login {
            auth: Some(STANDARD.encode("ada:pass:word")),
            identitytoken: None,
        };
        let found = stored(&login, "r").unwrap();
        assert_eq!(found.username.as_deref(), Some("ada"));
        assert_eq!(found.password.as_deref(), Some("pass:word"));
    }
}
