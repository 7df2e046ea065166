//! What a project wants to run, from its files and from what the engine is.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use mongodb::options::{ConnectionString, HostInfo, ServerAddress};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::api::with_live;
use super::plan::Wanted;
use super::service::Service;
use crate::auth::EMULATOR;
use crate::config::{Effective, LivekitConfig, NetworkMode, PortUse, Project, Settings};
use crate::engine::{Network, PublishedPort, ServiceSpec, Upload, VolumeMount};
use crate::error::{Context as _, Error, Result};
use crate::host::ports::PortNeed;
use crate::host::sockets::Protocol;

/// LiveKit's config inside its container.
const LIVEKIT_CONFIG: &str = "/etc/urbania/livekit.yaml";
/// The root password inside MongoDB's container.
const MONGODB_PASSWORD: &str = "/etc/urbania/mongo-password";
/// The user that the official image runs MongoDB as.
const MONGODB_OWNER: u64 = 999;
const MONGODB_PORT: u16 = 27017;

/// What is to run of `services`.
pub fn wanted(
    project: &Project,
    services: &[Service],
    effective: &Effective,
    network: NetworkMode,
    webhook_listen: Option<SocketAddr>,
) -> Result<Wanted> {
    let mut wanted = Wanted {
        complete: services == Service::wanted(project),
        ..Wanted::default()
    };
    for service in services {
        match service {
            Service::Mongodb => wanted.containers.push((*service, mongodb(project)?)),
            Service::Livekit => {
                effective.check()?;
                let spec = livekit(project, effective, network);
                wanted.containers.push((*service, spec));
            }
            Service::Api => wanted.api = Some(api_hash(project, webhook_listen)?),
        }
    }
    Ok(wanted)
}

/// The name of a service's container.
pub fn container_name(project: &str, service: Service) -> String {
    format!("urbania-{project}-{service}")
}

/// The name of the volume with MongoDB's data.
pub fn volume_name(project: &str) -> String {
    container_name(project, Service::Mongodb)
}

fn spec(project: &Project, service: Service, image: &str) -> ServiceSpec {
    ServiceSpec {
        project: project.name.clone(),
        dir: project.dir.clone(),
        service: service.to_string(),
        name: container_name(&project.name, service),
        image: image.to_owned(),
        args: Vec::new(),
        env: BTreeMap::new(),
        files: Vec::new(),
        volumes: Vec::new(),
        network: Network::Host,
    }
}

/// The SFU: its config comes as a file, so that nobody reads the keys off the engine.
fn livekit(project: &Project, effective: &Effective, network: NetworkMode) -> ServiceSpec {
    let mut spec = spec(project, Service::Livekit, &project.settings.images.livekit);
    spec.args = vec!["--config".to_owned(), LIVEKIT_CONFIG.to_owned()];
    spec.files = vec![Upload {
        path: LIVEKIT_CONFIG.to_owned(),
        contents: effective.yaml.clone(),
        owner: 0,
        mode: 0o400,
    }];
    spec.files.extend(effective.files.iter().map(|file| Upload {
        path: file.inside(),
        contents: file.contents.clone(),
        owner: 0,
        mode: 0o400,
    }));
    if network == NetworkMode::Published {
        spec.network = Network::Published(effective.ports.iter().flat_map(published).collect());
    }
    spec
}

fn published(ports: &PortUse) -> Vec<PublishedPort> {
    let everywhere =
        (ports.first..=ports.last).map(|port| PublishedPort::everywhere(port, ports.protocol));
    if ports.addresses.is_empty() {
        return everywhere.collect();
    }
    let at = |port: PublishedPort| {
        let addresses = ports.addresses.iter();
        addresses.map(move |address| PublishedPort {
            address: *address,
            ..port
        })
    };
    everywhere.flat_map(at).collect()
}

/// MongoDB: reachable from this machine alone, whatever the SFU needs.
fn mongodb(project: &Project) -> Result<ServiceSpec> {
    let root = root_user(project)?;
    let mut spec = spec(project, Service::Mongodb, &project.settings.images.mongodb);
    spec.env = BTreeMap::from([
        ("MONGO_INITDB_ROOT_USERNAME".to_owned(), root.name),
        (
            "MONGO_INITDB_ROOT_PASSWORD_FILE".to_owned(),
            MONGODB_PASSWORD.to_owned(),
        ),
    ]);
    spec.files = vec![Upload {
        path: MONGODB_PASSWORD.to_owned(),
        contents: root.password,
        owner: MONGODB_OWNER,
        mode: 0o400,
    }];
    spec.volumes = vec![VolumeMount {
        name: volume_name(&project.name),
        target: "/data/db".to_owned(),
    }];
    spec.network = Network::Published(vec![PublishedPort {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: project.settings.services.mongodb.port,
        inside: MONGODB_PORT,
        protocol: Protocol::Tcp,
    }]);
    Ok(spec)
}

struct RootUser {
    name: String,
    password: SecretString,
}

/// The user that a new MongoDB is made with: the one that the project connects as.
fn root_user(project: &Project) -> Result<RootUser> {
    let uri = project.mongodb_uri().ok_or_else(|| {
        Error::usage("`.env` has no MONGODB_URI, which holds MongoDB's password")
            .hint("urbania up   writes what .env lacks")
    })?;
    // The parser's own error quotes what it was given: the password.
    let parsed = ConnectionString::parse(uri.expose_secret())
        .map_err(|_| Error::usage("MONGODB_URI is not a MongoDB address").hint(URI_HINT))?;
    let port = project.settings.services.mongodb.port;
    let here = points_here(&parsed, port);
    let user = parsed
        .credential
        .and_then(|c| Some((c.username?, c.password?)));
    match user {
        Some((name, password)) if here => Ok(RootUser {
            name,
            password: password.into(),
        }),
        Some(_) => Err(Error::usage(format!(
            "MONGODB_URI does not point to the MongoDB that urbania runs, 127.0.0.1:{port}"
        ))
        .hint("correct MONGODB_URI or services.mongodb.port")
        .hint("or use the other MongoDB alone: services: {mongodb: {enabled: false}}")),
        None => Err(Error::usage("MONGODB_URI has no user and password").hint(URI_HINT)),
    }
}

const URI_HINT: &str =
    "it looks like mongodb://urbania:PASSWORD@127.0.0.1:27017/urbania?authSource=admin";

/// Whether the address is that of the MongoDB which we publish on `wanted`.
fn points_here(uri: &ConnectionString, wanted: u16) -> bool {
    let HostInfo::HostIdentifiers(hosts) = &uri.host_info else {
        return false;
    };
    matches!(
        hosts.as_slice(),
        [ServerAddress::Tcp { host, port }]
            if ["127.0.0.1", "localhost"].contains(&host.as_str())
                && port.unwrap_or(MONGODB_PORT) == wanted
    )
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

/// The ports that `services` bind on this machine.
pub fn port_needs(project: &Project, effective: &Effective, services: &[Service]) -> Vec<PortNeed> {
    let mut needs = Vec::new();
    for service in services {
        match service {
            Service::Mongodb => needs.push(need(
                *service,
                "database",
                Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                project.settings.services.mongodb.port,
            )),
            Service::Livekit => needs.extend(effective.ports.iter().flat_map(sfu_needs)),
            Service::Api => {
                let listen = project.settings.api.listen;
                needs.push(need(
                    *service,
                    "token API",
                    Some(listen.ip()),
                    listen.port(),
                ));
            }
        }
    }
    needs
}

/// One for each address.
fn sfu_needs(ports: &PortUse) -> Vec<PortNeed> {
    let at = |address| PortNeed {
        service: Service::Livekit.to_string(),
        purpose: ports.purpose.to_owned(),
        protocol: ports.protocol,
        address,
        first: ports.first,
        last: ports.last,
    };
    match ports.addresses.as_slice() {
        [] => vec![at(None)],
        addresses => addresses.iter().map(|address| at(Some(*address))).collect(),
    }
}

fn need(service: Service, purpose: &str, address: Option<IpAddr>, port: u16) -> PortNeed {
    PortNeed {
        service: service.to_string(),
        purpose: purpose.to_owned(),
        protocol: Protocol::Tcp,
        address,
        first: port,
        last: port,
    }
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
