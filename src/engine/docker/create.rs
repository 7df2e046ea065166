//! Making a container out of a [`ServiceSpec`].

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::errors::Error as ClientError;
use bollard::models::{
    ContainerCreateBody, ContainerStateStatusEnum, HostConfig, Mount, MountType, PortBinding,
    PortMap, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};

use super::failure::{Explain, explained, missing, status};
use crate::engine::{
    LABEL_CONFIG, LABEL_DIR, LABEL_PROJECT, LABEL_SERVICE, Network, PublishedPort, Runs,
    ServiceSpec, Upload, VolumeMount,
};
use crate::error::{Context as _, Error, Result};

/// The image of a spec and the network that it asks for.
fn image(spec: &ServiceSpec) -> Result<(&str, &Network)> {
    match &spec.runs {
        Runs::Image { image, network } => Ok((image, network)),
        Runs::Program { path, .. } => Err(Error::failed(format!(
            "`{}` is a program, and a container is made from an image",
            path.display()
        ))),
    }
}

/// The engine's form of a spec with this image and this network.
fn body(spec: &ServiceSpec, image: &str, network: &Network) -> ContainerCreateBody {
    let (network_mode, published) = match network {
        Network::Host => (Some("host".to_owned()), &[][..]),
        Network::Published(ports) => (None, ports.as_slice()),
    };
    let mounts = spec.volumes.iter().map(mount).collect();
    ContainerCreateBody {
        image: Some(image.to_owned()),
        cmd: Some(spec.args.clone()).filter(|args| !args.is_empty()),
        env: Some(spec.env.iter().map(|(k, v)| format!("{k}={v}")).collect()),
        labels: Some(labels(spec)),
        exposed_ports: Some(published.iter().map(inside).collect()),
        host_config: Some(HostConfig {
            network_mode,
            port_bindings: Some(bindings(published)),
            mounts: Some(mounts),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

fn labels(spec: &ServiceSpec) -> HashMap<String, String> {
    HashMap::from([
        (LABEL_PROJECT.to_owned(), spec.project.clone()),
        (LABEL_SERVICE.to_owned(), spec.service.clone()),
        (LABEL_CONFIG.to_owned(), spec.config_hash()),
        (LABEL_DIR.to_owned(), spec.dir.display().to_string()),
    ])
}

fn inside(port: &PublishedPort) -> String {
    format!("{}/{}", port.inside, port.protocol)
}

/// A port inside may be published on several addresses.
fn bindings(ports: &[PublishedPort]) -> PortMap {
    let mut bindings = PortMap::new();
    for port in ports {
        let outside = bindings.entry(inside(port)).or_default();
        outside.get_or_insert_default().push(PortBinding {
            host_ip: Some(port.address.to_string()),
            host_port: Some(port.port.to_string()),
        });
    }
    bindings
}

fn mount(volume: &VolumeMount) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume.name.clone()),
        target: Some(volume.target.clone()),
        ..Mount::default()
    }
}

/// A volume as it is asked for. An engine gives back the one that is there already.
fn volume(spec: &ServiceSpec, volume: &VolumeMount) -> VolumeCreateRequest {
    VolumeCreateRequest {
        name: Some(volume.name.clone()),
        labels: Some(HashMap::from([
            (LABEL_PROJECT.to_owned(), spec.project.clone()),
            (LABEL_SERVICE.to_owned(), spec.service.clone()),
            (LABEL_DIR.to_owned(), spec.dir.display().to_string()),
        ])),
        ..VolumeCreateRequest::default()
    }
}

/// Makes the volumes, each with our labels. Podman forgets the labels of volumes that it makes
/// along with a container.
pub async fn volumes(client: &Client, spec: &ServiceSpec) -> Result<()> {
    for wanted in &spec.volumes {
        client
            .create_volume(volume(spec, wanted))
            .await
            .explain(|| format!("cannot create volume `{}`", wanted.name))?;
    }
    Ok(())
}

/// How long the engine may still be at work for an `up` that was killed.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// Makes the container; it has no files yet.
pub async fn make(client: &Client, spec: &ServiceSpec) -> Result<String> {
    let (image, network) = image(spec)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let options = CreateContainerOptionsBuilder::new()
            .name(&spec.name)
            .build();
        match client
            .create_container(Some(options), body(spec, image, network))
            .await
        {
            Ok(made) => return Ok(made.id),
            Err(e)
                if status(&e) == Some(409)
                    && Instant::now() < deadline
                    && make_room(client, spec).await? =>
            {
                sleep(PAUSE).await;
            }
            Err(e) => return Err(refused(spec, image, e)),
        }
    }
}

/// Whether the name is free, or soon will be. The engine takes a name before anybody can see the
/// container, and goes on when the `up` that asked for it is killed.
async fn make_room(client: &Client, spec: &ServiceSpec) -> Result<bool> {
    let found = match client.inspect_container(&spec.name, None).await {
        Err(e) if missing(&e) => return Ok(true),
        found => found.explain(|| format!("cannot look at container `{}`", spec.name))?,
    };
    let its = found.config.and_then(|c| c.labels).unwrap_or_default();
    let ours = [LABEL_PROJECT, LABEL_SERVICE, LABEL_DIR]
        .iter()
        .all(|label| its.get(*label) == labels(spec).get(*label));
    let never_started =
        found.state.and_then(|s| s.status) == Some(ContainerStateStatusEnum::CREATED);
    if !(ours && never_started) {
        return Ok(false);
    }
    let options = RemoveContainerOptionsBuilder::new().v(true).build();
    match client.remove_container(&spec.name, Some(options)).await {
        Err(e) if missing(&e) || status(&e) == Some(409) => Ok(true),
        removed => removed
            .explain(|| format!("cannot remove container `{}`", spec.name))
            .map(|()| true),
    }
}

/// Why the engine did not make it.
fn refused(spec: &ServiceSpec, image: &str, e: ClientError) -> Error {
    if missing(&e) {
        return Error::failed(format!("image `{image}` is not on the engine"))
            .hint("urbania up --pull missing fetches it");
    }
    if status(&e) == Some(409) {
        return Error::failed(format!(
            "a container named `{}` is there already, and it is not ours",
            spec.name
        ))
        .hint(format!(
            "remove it (docker rm -f {}) or give the project another name: in urbania.yaml",
            spec.name
        ));
    }
    explained(format!("cannot create container `{}`", spec.name), e)
}

/// Puts the spec's files into a container that has not started.
pub async fn upload(client: &Client, id: &str, spec: &ServiceSpec) -> Result<()> {
    if spec.files.is_empty() {
        return Ok(());
    }
    let archive = archive(&spec.files).or_fail(|| "cannot pack the service's files".into())?;
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    client
        .upload_to_container(id, Some(options), bollard::body_full(archive.into()))
        .await
        .explain(|| format!("cannot put files into container `{}`", spec.name))
}

/// The files and the folders right above them, which are ours.
fn archive(files: &[Upload]) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut folders: Vec<&str> = files
        .iter()
        .filter_map(|f| f.path.trim_start_matches('/').rsplit_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o755);
        header.set_size(0);
        tar.append_data(&mut header, format!("{folder}/"), std::io::empty())?;
    }
    for file in files {
        let contents = file.contents.expose_secret().as_bytes();
        let mut header = tar::Header::new_gnu();
        header.set_mode(file.mode);
        header.set_uid(file.owner);
        header.set_gid(file.owner);
        header.set_size(contents.len() as u64);
        tar.append_data(&mut header, file.path.trim_start_matches('/'), contents)?;
    }
    tar.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::sockets::Protocol;
    use std::collections::BTreeMap;
    use std::io::Read;

    fn spec() -> ServiceSpec {
        ServiceSpec {
            project: "demo".into(),
            dir: "/home/ada/demo".into(),
            service: "mongodb".into(),
            name: "urbania-demo-mongodb".into(),
            runs: Runs::Image {
                image: "mongo:8.0".into(),
                network: Network::Published(vec![PublishedPort {
                    address: "127.0.0.1".parse().unwrap(),
                    port: 27018,
                    inside: 27017,
                    protocol: Protocol::Tcp,
                }]),
            },
            args: Vec::new(),
            env: BTreeMap::from([("A".into(), "1".into())]),
            files: vec![Upload {
                path: "/etc/urbania/mongo-password".into(),
                contents: "hunter2".into(),
                owner: 999,
                mode: 0o400,
            }],
            volumes: vec![VolumeMount {
                name: "urbania-demo-mongodb".into(),
                target: "/data/db".into(),
            }],
        }
    }

    #[test]
    fn the_engine_is_told_labels_ports_and_volumes_but_no_secret() {
        let spec = spec();
        let (image, network) = image(&spec).unwrap();
        let json = serde_json::to_value(body(&spec, image, network)).unwrap();
        assert_eq!(json["Image"], "mongo:8.0");
        assert_eq!(
            json["HostConfig"]["PortBindings"]["27017/tcp"][0],
            serde_json::json!({"HostIp": "127.0.0.1", "HostPort": "27018"})
        );
        assert_eq!(json["Labels"]["io.urbania.project"], "demo");
        assert_eq!(json["Labels"]["io.urbania.dir"], "/home/ada/demo");
        assert_eq!(
            json["HostConfig"]["Mounts"][0]["Source"],
            "urbania-demo-mongodb"
        );
        let volume = serde_json::to_value(volume(&spec, &spec.volumes[0])).unwrap();
        assert_eq!(volume["Name"], "urbania-demo-mongodb");
        assert_eq!(volume["Labels"]["io.urbania.dir"], "/home/ada/demo");
        assert!(!json.to_string().contains("hunter2"));
    }

    #[test]
    fn a_port_is_published_on_each_of_its_addresses() {
        let ports = ["127.0.0.1", "10.0.0.7"].map(|address| PublishedPort {
            address: address.parse().unwrap(),
            ..PublishedPort::everywhere(7880, Protocol::Tcp)
        });
        let bindings = serde_json::to_value(bindings(&ports)).unwrap();
        assert_eq!(
            bindings,
            serde_json::json!({"7880/tcp": [
                {"HostIp": "127.0.0.1", "HostPort": "7880"},
                {"HostIp": "10.0.0.7", "HostPort": "7880"},
            ]})
        );
    }

    #[test]
    fn secrets_are_packed_with_owner_and_mode() {
        let packed = archive(&spec().files).unwrap();
        let mut tar = tar::Archive::new(packed.as_slice());
        let mut entries = tar.entries().unwrap().map(Result::unwrap);
        let folder = entries.next().unwrap();
        assert_eq!(folder.path().unwrap().to_str(), Some("etc/urbania/"));
        let mut file = entries.next().unwrap();
        assert_eq!(file.header().uid().unwrap(), 999);
        assert_eq!(file.header().mode().unwrap(), 0o400);
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hunter2");
    }
}
