//! The engine as its own command line shows it: a second opinion that shares no code with urbania.

use std::process::Command;

/// Runs `docker` and returns what it prints, line by line.
pub fn docker(args: &[&str]) -> Vec<String> {
    lines_of(Command::new("docker").args(args))
}

/// Runs a `docker` that was prepared otherwise.
pub fn lines_of(docker: &mut Command) -> Vec<String> {
    let output = docker
        .output()
        .expect("`docker` is installed; scripts/engine installs it");
    assert!(
        output.status.success(),
        "{docker:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Names of the containers of a project, running or not.
pub fn containers(project: &str) -> Vec<String> {
    let filter = format!("label=io.urbania.project={project}");
    docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"])
}

/// Names of the volumes of a project.
pub fn volumes(project: &str) -> Vec<String> {
    let filter = format!("label=io.urbania.project={project}");
    docker(&["volume", "ls", "--filter", &filter, "--format", "{{.Name}}"])
}

/// Removes whatever a project has left, for the end of a test.
pub fn remove_everything(project: &str) {
    for name in containers(project) {
        docker(&["rm", "--force", "--volumes", &name]);
    }
    for name in volumes(project) {
        docker(&["volume", "rm", "--force", &name]);
    }
}
