//! Services as processes of this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::database::root_user;
use super::{Means, sfu_files, spec, volume_name};
use crate::config::{Programs, Project, RunsOn};
use crate::engine::{Runs, ServiceSpec, VolumeMount};
use crate::error::{Context as _, Error, Result};
use crate::stack::service::Service;

/// The SFU's config, in the folder that it runs in.
const LIVEKIT_CONFIG: &str = "livekit.yaml";
/// MongoDB's data, as a link in the folder that it runs in.
const DATA: &str = "data";

/// LiveKit's own server.
pub(super) fn livekit(project: &Project, means: &Means<'_>) -> Result<ServiceSpec> {
    let path = needed(means.runs_on.programs.livekit.as_ref(), Service::Livekit)?;
    Ok(ServiceSpec {
        args: strings(["--config", LIVEKIT_CONFIG]),
        files: sfu_files(LIVEKIT_CONFIG, means),
        ..spec(project, Service::Livekit, program(path, BTreeMap::new()))
    })
}

/// The development SFU of this very program. Another version is another program, another path is not.
pub(super) fn sfu(project: &Project, means: &Means<'_>) -> Result<ServiceSpec> {
    let path = std::env::current_exe().or_fail(|| "cannot tell where urbania itself is".into())?;
    let runs = Runs::Program {
        path,
        identity: concat!("urbania ", env!("CARGO_PKG_VERSION")).to_owned(),
        secrets: BTreeMap::new(),
    };
    Ok(ServiceSpec {
        args: strings(["sfu", "--config", LIVEKIT_CONFIG]),
        files: sfu_files(LIVEKIT_CONFIG, means),
        ..spec(project, Service::Livekit, runs)
    })
}

/// MongoDB, or FerretDB 1 in its place: reachable from this machine alone.
pub(super) fn mongodb(project: &Project, runs_on: &RunsOn) -> Result<ServiceSpec> {
    let path = needed(runs_on.programs.mongodb.as_ref(), Service::Mongodb)?;
    let volumes = vec![VolumeMount {
        name: volume_name(&project.name),
        target: DATA.to_owned(),
    }];
    let port = project.settings.services.mongodb.port;
    if Programs::is_ferretdb(path) {
        return ferretdb(project, path, port, volumes);
    }
    let port = port.to_string();
    Ok(ServiceSpec {
        args: strings([
            "--dbpath",
            DATA,
            "--bind_ip",
            "127.0.0.1",
            "--port",
            &port,
            "--auth",
        ]),
        volumes,
        ..spec(project, Service::Mongodb, program(path, BTreeMap::new()))
    })
}

/// FerretDB takes everything from its environment, and makes the user when there are no data yet.
fn ferretdb(
    project: &Project,
    path: &Path,
    port: u16,
    volumes: Vec<VolumeMount>,
) -> Result<ServiceSpec> {
    let root = root_user(project)?;
    let secrets = BTreeMap::from([("FERRETDB_SETUP_PASSWORD".to_owned(), root.password)]);
    let env = [
        ("DO_NOT_TRACK", "1".to_owned()),
        ("FERRETDB_TELEMETRY", "disable".to_owned()),
        ("FERRETDB_HANDLER", "sqlite".to_owned()),
        ("FERRETDB_SQLITE_URL", format!("file:{DATA}/")),
        ("FERRETDB_STATE_DIR", "-".to_owned()),
        ("FERRETDB_DEBUG_ADDR", "-".to_owned()),
        ("FERRETDB_LISTEN_ADDR", format!("127.0.0.1:{port}")),
        ("FERRETDB_TEST_ENABLE_NEW_AUTH", "true".to_owned()),
        ("FERRETDB_SETUP_DATABASE", "admin".to_owned()),
        ("FERRETDB_SETUP_USERNAME", root.name),
    ];
    Ok(ServiceSpec {
        env: env.map(|(name, value)| (name.to_owned(), value)).into(),
        volumes,
        ..spec(project, Service::Mongodb, program(path, secrets))
    })
}

fn program(path: &Path, secrets: BTreeMap<String, SecretString>) -> Runs {
    Runs::Program {
        path: path.to_path_buf(),
        identity: path.display().to_string(),
        secrets,
    }
}

fn needed(program: Option<&PathBuf>, service: Service) -> Result<&PathBuf> {
    program.ok_or_else(|| {
        Error::failed(format!("the program of `{service}` is not to be found")).hint(
            "urbania.yaml: programs: {livekit: /path/to/livekit-server, mongodb: /path/to/mongod}",
        )
    })
}

fn strings<const N: usize>(args: [&str; N]) -> Vec<String> {
    args.map(str::to_owned).to_vec()
}
