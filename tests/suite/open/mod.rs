//! `urbania open`: one-time links, windows of this machine, and the door for phones.

mod link;
mod phone;
mod windows;

use crate::support::project::TestProject;

/// Of everybody in these tests.
const PASSWORD: &str = "correct horse battery";

/// Two users of a project.
fn two_people(project: &TestProject) {
    for name in ["ada", "bob"] {
        project.add_user(name, PASSWORD);
    }
}
