//! On a terminal.

use std::process::Command;

use super::project;
use crate::support::holder::Holder;
use crate::support::project::TestProject;

/// `urbania ports` on a terminal of so many columns.
fn on_a_terminal(project: &TestProject, columns: usize) -> String {
    let command = project.command(&["ports"]);
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let script = format!("stty cols {columns}; '{}'", words.join("' '"));
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--command", &script, "/dev/null"]);
    terminal
        .current_dir(project.dir())
        .env_clear()
        .env("SHELL", "/bin/sh");
    for (name, value) in command.get_envs() {
        terminal.envs(value.map(|value| (name, value)));
    }
    String::from_utf8(terminal.output().unwrap().stdout).unwrap()
}

#[test]
fn a_long_command_is_cut_to_what_fits_a_terminal() {
    let project = project();
    let port = project.ports.livekit();
    let holder = Holder::of(&[&format!("tcp 127.0.0.1:{port}")]);
    let held = |columns: usize| {
        let shown = on_a_terminal(&project, columns);
        let row = shown.lines().find(|line| line.contains(" held "));
        row.unwrap_or_else(|| panic!("{shown}"))
            .trim_end()
            .to_owned()
    };
    let narrow = held(100);
    assert!(
        narrow.contains("… ") && narrow.chars().count() <= 100,
        "{narrow}"
    );
    assert!(
        narrow.contains(&format!("  {}  root", holder.pid())),
        "{narrow}"
    );
    assert!(held(200).contains(holder.command()));
}
