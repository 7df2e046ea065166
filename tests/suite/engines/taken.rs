//! Ports in other hands.

use super::{nothing_is_left, on_both};
use crate::support::engine::Engine;
use crate::support::holder::Holder;
use crate::support::project::TestProject;

on_both! {
    a_port_in_other_hands_is_named_and_nothing_starts
    another_project_in_the_way_is_named_with_its_folder
}

fn a_port_in_other_hands_is_named_and_nothing_starts(engine: Engine) {
    let project = TestProject::initialised_on(engine);
    let port = project.ports.livekit();
    let holder = Holder::of(&[&format!("tcp 127.0.0.1:{port}")]);
    let run = project.run(&["up"]).expect(3);
    let says = format!(
        "error: port {port}/tcp, which livekit needs for signalling, is held by `{}` (pid {}, user root)\n\
         hint: end it: `urbania ports {port} --stop`\n",
        holder.command(),
        holder.pid()
    );
    assert!(run.stderr.ends_with(&says), "{}", run.stderr);
    nothing_is_left(&project);
    drop(holder);
    project.ok(&["up"]);
}

fn another_project_in_the_way_is_named_with_its_folder(engine: Engine) {
    let other = TestProject::initialised_on(engine);
    other.ok(&["up", "livekit"]);
    let project = TestProject::initialised_on(engine);
    let port = other.ports.livekit();
    project.edit("livekit.yaml", |text| {
        let own = format!("port: {}\n", project.ports.livekit());
        text.replacen(&own, &format!("port: {port}\n"), 1)
    });
    let run = project.run(&["up"]).expect(3);
    let dir = other.dir().canonicalize().unwrap();
    let says = format!(
        "is held by urbania project `{}` (livekit) in `{dir}`\n\
         hint: stop that project: `urbania down --project {dir}`, or move this one: `urbania ports --free`\n",
        other.name,
        dir = dir.display()
    );
    assert!(run.stderr.ends_with(&says), "{}", run.stderr);
    nothing_is_left(&project);
    // The hint is true.
    project.ok(&["down", "--project", dir.to_str().unwrap()]);
    nothing_is_left(&other);
    project.ok(&["up", "livekit"]);
}
