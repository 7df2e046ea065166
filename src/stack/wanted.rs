//! What a project wants to run, from its files and from what its engine is.

mod containers;
mod database;
mod ports;
mod processes;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::api::with_live;
use super::plan::Wanted;
use super::service::Service;
use crate::auth::EMULATOR;
use crate::config::{Effective, EngineKind, LivekitConfig, NetworkMode, Project, RunsOn, Settings};
use crate::engine::{Runs, ServiceSpec, Upload};
use crate::error::{Context as _, Result};

pub use ports::port_needs;

/// What decides how services are run.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// What runs them.
    pub runs_on: &'a RunsOn,
    /// How the SFU reaches the network.
    pub network: NetworkMode,
    /// What the SFU is started with.
    pub effective: &'a Effective,
    /// Where the API listens for webhooks besides.
    pub webhook_listen: Option<SocketAddr>,
}

/// What is to run of `services`.
pub fn wanted(project: &Project, services: &[Service], means: &Means<'_>) -> Result<Wanted> {
    let mut wanted = Wanted {
        complete: services == Service::wanted(project),
        ..Wanted::default()
    };
    for service in services {
        match service {
            Service::Mongodb => wanted.specs.push((*service, mongodb(project, means)?)),
            Service::Livekit => {
                means.effective.check()?;
                wanted.specs.push((*service, livekit(project, means)?));
            }
            Service::Api => wanted.api = Some(api_hash(project, means.webhook_listen)?),
        }
    }
    Ok(wanted)
}

fn mongodb(project: &Project, means: &Means<'_>) -> Result<ServiceSpec> {
    match means.runs_on.engine {
        EngineKind::Docker => containers::mongodb(project),
        EngineKind::Native | EngineKind::Embedded => processes::mongodb(project, means.runs_on),
    }
}

fn livekit(project: &Project, means: &Means<'_>) -> Result<ServiceSpec> {
    match means.runs_on.engine {
        EngineKind::Docker => Ok(containers::livekit(project, means)),
        EngineKind::Native => processes::livekit(project, means),
        EngineKind::Embedded => processes::sfu(project, means),
    }
}

/// The name of a service's instance.
pub fn instance_name(project: &str, service: Service) -> String {
    format!("urbania-{project}-{service}")
}

/// The name of the volume with MongoDB's data.
pub fn volume_name(project: &str) -> String {
    instance_name(project, Service::Mongodb)
}

fn spec(project: &Project, service: Service, runs: Runs) -> ServiceSpec {
    ServiceSpec {
        project: project.name.clone(),
        dir: project.dir.clone(),
        service: service.to_string(),
        name: instance_name(&project.name, service),
        runs,
        args: Vec::new(),
        env: BTreeMap::new(),
        files: Vec::new(),
        volumes: Vec::new(),
    }
}

/// The SFU's config and copies of the files that it names, as files: so nobody reads the keys off the
/// engine or the arguments.
fn sfu_files(config: &str, means: &Means<'_>) -> Vec<Upload> {
    let upload = |path: String, contents| Upload {
        path,
        contents,
        owner: 0,
        mode: 0o400,
    };
    let mut files = vec![upload(config.to_owned(), means.effective.yaml.clone())];
    let engine = means.runs_on.engine;
    let copies = means.effective.files.iter();
    files.extend(copies.map(|file| upload(file.copy(engine), file.contents.clone())));
    files
}

/// A hash of what `urbania serve` goes by, and of what it takes up while it serves: where the first half is
/// another one, it must start again. The rest of livekit.yaml is the SFU's own business.
fn api_hash(project: &Project, webhook_listen: Option<SocketAddr>) -> Result<String> {
    let Settings {
        api,
        auth,
        livekit_url,
        services,
        store,
        ..
    } = &project.settings;
    let LivekitConfig {
        port,
        bind_addresses,
        region,
        ..
    } = &project.livekit;
    let inputs = (
        api,
        auth,
        project.variable(EMULATOR).is_some(),
        livekit_url,
        services,
        store,
        port,
        bind_addresses,
        region,
        webhook_listen,
    );
    let inputs = serde_json::to_vec(&inputs)
        .or_fail(|| "cannot tell whether the API's settings changed".into())?;
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(&inputs);
    let uri = project.mongodb_uri().unwrap_or_default();
    for secret in std::iter::once(uri).chain(project.auth_secrets()) {
        add(secret.expose_secret().as_bytes());
    }
    let digest = u128::from_be_bytes(first_half(&hash.finalize()));
    Ok(with_live(&format!("{digest:x}"), &project.live_digest()?))
}

fn first_half(digest: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(settings: &str, env: &[(&str, &str)]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write(
            "livekit.yaml",
            "keys: {APItest: a secret of thirty-two characters}\n",
        );
        write("urbania.yaml", settings);
        let pairs = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let project = Project::load_from(dir.path(), &pairs.collect()).unwrap();
        api_hash(&project, None).unwrap()
    }

    #[test]
    fn the_api_starts_again_when_other_callers_are_to_be_believed() {
        let backend = "auth: {hs256: [{secret_env: SHOP}]}\n";
        let firebase = "auth: {firebase: {project: my-app}}\n";
        let shop = ("SHOP", "one");
        let session = ("URBANIA_SESSION_SECRET", "one");
        let hashes = [
            hash("", &[]),
            hash("", &[session]),
            hash("", &[session, ("URBANIA_SESSION_SECRET_PREVIOUS", "two")]),
            hash(
                "",
                &[session, ("URBANIA_SESSION_SECRET_PREVIOUS", "two, three")],
            ),
            hash(backend, &[]),
            hash(backend, &[shop]),
            hash(backend, &[("SHOP", "two")]),
            hash(firebase, &[]),
            hash(firebase, &[(EMULATOR, "127.0.0.1:9099")]),
        ];
        for (n, one) in hashes.iter().enumerate() {
            assert!(!hashes[..n].contains(one), "{n}");
        }
        assert_eq!(hash(backend, &[shop]), hash(backend, &[shop]));
    }
}
