//! The life of a project on each engine: what is asked of all of them stands once. What concerns containers alone
//! is in `docker`, and their faults are in `faults`.

mod auto;
mod ends;
mod found;
mod heeded;
mod killed;
mod life;
mod lost;
mod moved;
mod others;
mod programs;
mod records;
mod secrets;
mod taken;

use std::path::Path;

use crate::support::docker::containers;
use crate::support::engine::Engine;
use crate::support::project::TestProject;

/// Two tests of one scenario, where services are processes.
macro_rules! on_both {
    ($($scenario:ident)*) => {
        mod native {
            $(#[test]
            fn $scenario() {
                super::$scenario(crate::support::engine::Engine::Native);
            })*
        }
        mod embedded {
            $(#[test]
            fn $scenario() {
                super::$scenario(crate::support::engine::Engine::Embedded);
            })*
        }
    };
}
use on_both;

/// The services of a project in the order in which they start.
fn services(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Embedded => &["livekit", "api"],
        Engine::Native | Engine::Docker => &["mongodb", "livekit", "api"],
    }
}

/// What `up` says when it starts everything.
fn starting(engine: Engine) -> String {
    let lines = services(engine).iter();
    lines
        .flat_map(|service| ["starting ", service, "\n"])
        .collect()
}

/// How many processes and containers of a project are there.
fn how_many(project: &TestProject) -> usize {
    let containers = match project.engine {
        Engine::Docker => containers(&project.name).len(),
        Engine::Native | Engine::Embedded => 0,
    };
    project.processes().len() + containers
}

/// Nothing of a project runs, and none of its processes or containers is left.
#[track_caller]
pub fn nothing_is_left(project: &TestProject) {
    assert_eq!(project.processes(), [0; 0]);
    assert_eq!(how_many(project), 0);
    assert!(!project.path(".urbania/engine.json").exists());
    let processes = project.path(".urbania/processes");
    let left = processes.read_dir().into_iter().flatten().count();
    assert_eq!(left, 0, "in {}", processes.display());
}

/// The folder of a service's instance.
fn folder(project: &TestProject, service: &str) -> std::path::PathBuf {
    let processes = project.path(".urbania/processes").read_dir().unwrap();
    let mut found = processes.map(|entry| entry.unwrap().path());
    let is_its = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(&format!("{service}-"))
    };
    found.find(|path| is_its(path)).unwrap()
}

/// An address that no machine here has: a server that is to listen there ends at once.
const ELSEWHERE: &str = "192.0.2.254";

/// The SFU is to listen where it cannot.
fn break_sfu(project: &TestProject) {
    project.edit("livekit.yaml", |text| {
        format!("bind_addresses: ['{ELSEWHERE}']\n{text}")
    });
}
