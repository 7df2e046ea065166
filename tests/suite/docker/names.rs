//! Names that are taken, and files that cannot be read.

use std::path::Path;

use crate::support::docker::{containers, docker, volumes};
use crate::support::nobody::ForNobody;
use crate::support::project::{Run, TestProject};

/// Nothing of the project is there.
fn nothing_is_left(project: &TestProject) {
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(volumes(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
}

#[test]
fn a_container_of_somebody_else_with_our_name_is_left_alone() {
    let project = TestProject::initialised();
    let name = format!("urbania-{}-livekit", project.name);
    let foreign = docker(&["create", "--name", &name, "mongo:8.0"]).remove(0);
    let up = project.run(&["up"]).expect(1);
    let still = docker(&["inspect", "--format", "{{.Id}}", &name]);
    docker(&["rm", "--force", "--volumes", &name]);
    assert_eq!(
        up.stderr,
        format!(
            "undoing what was begun\n\
             error: a container named `{name}` is there already, and it is not ours\n\
             hint: remove it (docker rm -f {name}) or give the project another name: in urbania.yaml\n"
        )
    );
    assert_eq!(still, [foreign]);
    nothing_is_left(&project);
}

#[test]
fn the_same_name_in_another_folder_is_refused() {
    let (one, two) = (TestProject::initialised(), TestProject::initialised());
    one.ok(&["up", "mongodb"]);
    two.edit("urbania.yaml", |text| text.replace(&two.name, &one.name));
    let up = two.run(&["up"]).expect(3);
    assert!(
        up.stderr.starts_with(&format!(
            "error: another project named `{}` is at `",
            one.name
        )),
        "{}",
        up.stderr
    );
    assert!(super::runs(&one, "mongodb"));
}

#[test]
fn the_data_of_another_folder_is_neither_used_nor_deleted() {
    let (one, two) = (TestProject::initialised(), TestProject::initialised());
    one.ok(&["up", "mongodb"]);
    one.ok(&["down"]);
    let volume = volumes(&one.name);
    two.edit("urbania.yaml", |text| text.replace(&two.name, &one.name));
    assert_eq!(
        two.run(&["up"]).expect(3).stderr,
        format!(
            "error: another project named `{}` is at `{}`, and its data is kept\n\
             hint: give this one another name: in urbania.yaml\n",
            one.name,
            one.dir().canonicalize().unwrap().display()
        )
    );
    assert_eq!(
        two.run(&["down", "--volumes", "--yes"]).expect(0).stderr,
        "nothing runs\n"
    );
    assert_eq!(volumes(&one.name), volume);
    assert_eq!(volume.len(), 1);
}

#[test]
fn a_project_is_the_same_by_whatever_way_its_folder_is_reached() {
    let project = TestProject::initialised();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(project.dir(), &link).unwrap();
    let folder = project.dir().file_name().unwrap().to_str().unwrap();
    let sideways = format!("../{folder}");
    project.ok(&["up", "livekit", "--project", &sideways]);
    let again = project.run(&["up", "livekit", "--project", link.to_str().unwrap()]);
    let again = again.expect(0).stderr;
    assert!(again.ends_with("\neverything ran already\n"), "{again}");
    project.ok(&["down"]);
    assert_eq!(containers(&project.name), [""; 0]);
}

#[test]
fn what_was_started_under_another_name_is_stopped_from_its_folder() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    project.edit("urbania.yaml", |text| {
        text.replace(&project.name, &format!("{}-renamed", project.name))
    });
    project.ok(&["down"]);
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
    assert_eq!(volumes(&project.name).len(), 1);
    assert_eq!(project.run(&["down"]).expect(0).stderr, "nothing runs\n");
}

#[test]
fn a_broken_file_does_not_keep_a_project_from_stopping() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    project.write("livekit.yaml", "port: [\n");
    project.ok(&["down", "livekit", "mongodb"]);
    assert_eq!(containers(&project.name), [""; 0]);
    assert!(project.api_pid().is_some());
    // Now only the API is left to say that there is something.
    project.ok(&["down"]);
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
}

#[test]
fn a_folder_that_may_not_be_looked_at_is_not_taken_for_gone() {
    let home = tempfile::tempdir().unwrap();
    let (shop, project) = (home.path().join("shop"), TestProject::initialised());
    std::fs::create_dir(&shop).unwrap();
    let volume = format!("urbania-{}-mongodb", project.name);
    let label = |name: &str, value: &str| format!("--label=io.urbania.{name}={value}");
    docker(&[
        "volume",
        "create",
        &label("project", &project.name),
        &label("service", "mongodb"),
        &label("dir", shop.to_str().unwrap()),
        &volume,
    ]);

    // Whoever may use the engine has a project of the same name.
    let urbania = ForNobody::of(Path::new(env!("CARGO_BIN_EXE_urbania")));
    let own = tempfile::tempdir().unwrap();
    for file in ["urbania.yaml", "livekit.yaml"] {
        std::fs::write(own.path().join(file), project.read(file)).unwrap();
        std::os::unix::fs::chown(own.path().join(file), Some(65534), None).unwrap();
    }
    std::os::unix::fs::chown(own.path(), Some(65534), None).unwrap();
    let down = ["down", "--volumes", "--yes"];
    let mut command = urbania.with_docker();
    command.arg("--project").arg(own.path()).args(down);
    let run = Run::of(&down, &command.output().unwrap()).expect(0);
    assert_eq!(run.stderr, "nothing runs\n");
    assert_eq!(volumes(&project.name), [volume]);

    // For root it is gone, and its data is ours.
    std::fs::remove_dir(&shop).unwrap();
    project.ok(&down);
    assert_eq!(volumes(&project.name), [""; 0]);
}
