//! A network that a test may break: nobody else is in it.

use std::process::Command;

/// The same command in a network namespace of its own, after these lines of a shell. What the lines
/// mount, nobody else sees either.
pub fn apart(command: &Command, lines: &[&str]) -> Command {
    let lines = [&["ip link set lo up"], lines].concat();
    unshared(&["--net", "--mount"], command, &lines)
}

/// The same command where what the lines mount nobody else sees.
pub fn mounted(command: &Command, lines: &[&str]) -> Command {
    unshared(&["--mount"], command, lines)
}

fn unshared(namespaces: &[&str], command: &Command, lines: &[&str]) -> Command {
    let script = format!("set -e\n{}\nexec \"$@\"", lines.join("\n"));
    let mut inside = Command::new("unshare");
    inside
        .args(namespaces)
        .args(["sh", "-c", &script, "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        inside.envs(value.map(|value| (name, value)));
    }
    if let Some(dir) = command.get_current_dir() {
        inside.current_dir(dir);
    }
    inside
}
