//! A project that another user runs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::nothing_is_left;
use crate::support::engine::Engine;
use crate::support::nobody::ForNobody;
use crate::support::project::{Run, TestProject};

#[test]
fn who_may_not_look_into_a_project_is_told_whose_it_is() {
    let project = TestProject::initialised_on(Engine::Embedded);
    project.ok(&["up"]);
    for file in [".", ".env", "livekit.yaml", "urbania.yaml"] {
        let open = Permissions::from_mode(0o755);
        fs::set_permissions(project.path(file), open).unwrap();
    }
    let urbania = ForNobody::of(Path::new(env!("CARGO_BIN_EXE_urbania")));
    for args in [
        &["status"][..],
        &["ports"],
        &["logs"],
        &["up"],
        &["restart"],
        &["down"],
        &["down", "--dry-run"],
    ] {
        let mut command = urbania.command();
        command.args(args).current_dir(project.dir()).env_clear();
        command.envs(Engine::Embedded.variables());
        let run = Run::of(args, &command.output().unwrap()).expect(1);
        let state = project.path(".urbania");
        let told = format!(
            "error: this user may not look into `{}`, which is `root`'s\n\
             hint: as that user: sudo -u root urbania …\n",
            state.display()
        );
        assert!(run.stderr.ends_with(&told), "{args:?}: {}", run.stderr);
    }
    project.ok(&["down"]);
    nothing_is_left(&project);
}
