//! `urbania keys rotate`.

mod alone;
mod elsewhere;
mod files;
mod frozen;
mod killed;
mod load;
mod now;
mod under_load;

use serde_json::Value;

use crate::call::{ANNA, BERT, PASSWORD};
use crate::support::docker::docker;
use crate::support::project::TestProject;

/// A project with two users that runs, without a database server; `more` is for `api` of urbania.yaml.
fn running(more: &str) -> TestProject {
    let project = TestProject::initialised();
    project.write(
        "urbania.yaml",
        &format!(
            "name: {}\nservices: {{mongodb: {{enabled: false}}}}\nbackends: [backend.env]\n\
             api: {{listen: '127.0.0.1:{}', limits: {{tokens_per_minute: 100000, \
             tokens_per_minute_by_address: 100000}}{more}}}\n",
            project.name,
            project.ports.api(),
        ),
    );
    project.write(
        "backend.env",
        "# mine\nLIVEKIT_API_KEY=\nLIVEKIT_API_SECRET=''\n",
    );
    project.ok(&["keys", "sync"]);
    project.ok(&["up"]);
    for (name, ..) in [ANNA, BERT] {
        project.add_user(name, PASSWORD);
    }
    project
}

/// What `keys rotate --status` says.
fn status(project: &TestProject) -> Value {
    let text = project.ok(&["keys", "rotate", "--status", "-o", "json"]);
    serde_json::from_str(&text).unwrap()
}

/// Which container the SFU is, and since when it runs.
fn sfu(project: &TestProject) -> Vec<String> {
    let name = format!("urbania-{}-livekit", project.name);
    docker(&["inspect", &name, "--format", "{{.Id}} {{.State.StartedAt}}"])
}

/// Lets the last token of the old pair be over, as far as the files know.
fn let_tokens_be_over(project: &TestProject) {
    let_tokens_be_over_in(project, &status(project));
}

/// The same for who has asked already how far it is.
fn let_tokens_be_over_in(project: &TestProject, status: &Value) {
    let until = status["retiring"]["good_until"].clone();
    let until = until.as_str().unwrap().replace(".000Z", "Z");
    project.edit("livekit.yaml", |text| {
        assert!(text.contains(&until), "{text}");
        text.replace(&until, "2026-01-01T00:00:00Z")
    });
}

/// The value of a variable in an env file.
fn value(env: &str, name: &str) -> String {
    let line = env.lines().find(|l| l.starts_with(&format!("{name}=")));
    let (_, value) = line.unwrap().split_once('=').unwrap();
    value.trim_matches('\'').to_owned()
}
