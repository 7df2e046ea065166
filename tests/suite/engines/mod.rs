//! The life of a project whose services are processes: on the real LiveKit server and on the SFU that is
//! built in. What is asked of both stands once, and each engine is asked.

mod auto;
mod ends;
mod found;
mod killed;
mod life;
mod secrets;
mod taken;

use std::path::Path;

use crate::support::engine::Engine;
use crate::support::project::TestProject;

/// Two tests of one scenario.
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

/// Nothing of a project runs, and none of its processes is left.
#[track_caller]
fn nothing_is_left(project: &TestProject) {
    assert_eq!(project.processes(), [0; 0]);
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
