//! Names that are taken, and files that cannot be read.

use crate::support::docker::{containers, docker, volumes};
use crate::support::project::TestProject;

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
fn a_broken_file_does_not_keep_a_project_from_stopping() {
    let project = TestProject::initialised();
    project.ok(&["up"]);
    project.write("livekit.yaml", "port: [\n");
    project.ok(&["down"]);
    assert_eq!(containers(&project.name), [""; 0]);
    assert_eq!(project.api_pid(), None);
}
