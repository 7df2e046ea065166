//! Secrets are in files of the user's own, and nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{folder, on_both, services};
use crate::support::engine::Engine;
use crate::support::project::TestProject;

on_both! {
    no_secret_is_in_an_argument_or_in_a_file_that_others_read
}

fn no_secret_is_in_an_argument_or_in_a_file_that_others_read(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    let mut up = project.command(&["up"]);
    // What LiveKit would heed is kept from it.
    up.env("LIVEKIT_KEYS", "APIother: other")
        .env("NODE_IP", "192.0.2.99");
    assert!(up.output().unwrap().status.success());
    let env = project.read(".env");
    let value = |name: &str| {
        let mut lines = env.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.trim_matches(['"', '\'']).to_owned())
    };
    let mut secrets = vec![value("LIVEKIT_API_SECRET").unwrap()];
    if let Some(uri) = value("MONGODB_URI") {
        let password = uri.split_once("//").unwrap().1;
        let (_, password) = password.split_once('@').unwrap().0.split_once(':').unwrap();
        secrets.push(password.to_owned());
    }
    let processes = project.processes();
    assert_eq!(processes.len(), services(engine).len());
    for pid in processes {
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        for secret in &secrets {
            assert!(!arguments.contains(secret), "{arguments}");
        }
    }
    let config = fs::read_to_string(folder(&project, "livekit").join("livekit.yaml")).unwrap();
    assert!(config.contains(&secrets[0]));
    assert!(!config.contains("192.0.2.99"));
    closed(&project.path(".urbania"));
    // The SFU has the pair of the file, not that of the environment.
    let _ = project.run(&["keys", "check"]).expect(0);
    let pid = project.pid("livekit").unwrap();
    let environ = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environ = String::from_utf8_lossy(&environ).into_owned();
    for name in ["LIVEKIT_KEYS", "NODE_IP"] {
        assert!(!environ.contains(name), "{environ}");
    }
}

/// Nobody else gets to anything in a folder, whatever the modes are further in.
fn closed(state: &Path) {
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(state), 0, "{}", state.display());
    for entry in fs::read_dir(state.join("processes")).unwrap() {
        let instance = entry.unwrap().path();
        assert_eq!(mode(&instance), 0);
        for file in fs::read_dir(&instance).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(mode(&path), 0, "{}", path.display());
        }
    }
}
