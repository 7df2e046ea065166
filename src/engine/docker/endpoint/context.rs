//! Docker's contexts, as `docker context create` stores them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Address, Endpoint, Speech, parse, unverified};
use crate::error::{Context as _, Error, Result};

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
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// `currentContext` of Docker's config.json; a file that cannot be read has none.
pub(super) fn current(config_dir: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "currentContext")]
        current_context: Option<String>,
    }
    let text = fs::read_to_string(config_dir.join("config.json")).ok()?;
    let config: Config = serde_json::from_str(&text).ok()?;
    config.current_context.filter(|name| !name.is_empty())
}

/// Where the engine of a context is.
pub(super) fn endpoint(config_dir: &Path, name: &str, origin: &str) -> Result<Endpoint> {
    let id = id(name);
    let file = config_dir.join("contexts/meta").join(&id).join("meta.json");
    let text = fs::read_to_string(&file).map_err(|e| {
        Error::failed(format!("there is no Docker context `{name}` ({origin})"))
            .because(e)
            .hint("docker context ls shows the contexts; docker context use default goes back")
    })?;
    let meta: Meta =
        serde_json::from_str(&text).or_fail(|| format!("cannot read `{}`", file.display()))?;
    let docker = meta.endpoints.docker.ok_or_else(|| {
        Error::failed(format!(
            "the Docker context `{name}` ({origin}) has no Docker endpoint"
        ))
    })?;
    let origin = format!("context `{name}`");
    let certificates = config_dir.join("contexts/tls").join(id).join("docker");
    let speech = if certificates.is_dir() {
        Speech::Tls(certificates)
    } else {
        Speech::Clear
    };
    let address = parse(&docker.host, &origin, speech)?;
    if docker.skip_tls_verify && !matches!(address, Address::Unix(_)) {
        return Err(unverified(&origin, &docker.host).hint(format!(
            "docker context update {name} --docker host={},ca=ca.pem,cert=cert.pem,key=key.pem",
            docker.host
        )));
    }
    Ok(Endpoint { address, origin })
}

/// The name of a context's folders.
pub(super) fn id(name: &str) -> String {
    let digest = Sha256::digest(name);
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
