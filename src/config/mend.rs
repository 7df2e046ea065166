//! Brings env files in step with `livekit.yaml`, in place.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::backends::{
    KEY, SECRET, URLS, backends, difference, shown_key, url_like, without_password,
};
use super::{ENV_FILE, EnvFile, Project};
use crate::error::{Context as _, Result};

/// An env file and what must change in it.
#[derive(Debug, Serialize)]
pub struct Mend {
    /// The env file as `backends` names it.
    pub file: String,
    /// What must change.
    pub changes: Vec<Change>,
    #[serde(skip)]
    env: EnvFile,
}

/// A variable of an env file that must change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The variable.
    pub variable: &'static str,
    /// Its value until now; never a secret.
    pub before: Option<String>,
    /// Its value from now on; never a secret.
    pub after: Option<String>,
}

/// Plans the changes that bring every env file in step; files that are missing are not made,
/// except the project's own.
pub fn mend_backends(project: &Project) -> Result<Vec<Mend>> {
    let mut mends = vec![mend(project.env.clone(), ENV_FILE, project)];
    for (name, path) in backends(project) {
        let file = EnvFile::read(&path).or_fail(|| format!("cannot read `{name}`"))?;
        if file.exists() {
            mends.push(mend(file, &name, project));
        }
    }
    mends.retain(|mend| !mend.changes.is_empty());
    Ok(mends)
}

impl Mend {
    /// Writes the file.
    pub fn write(mut self) -> io::Result<()> {
        self.env.save()
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.env.path()
    }
}

fn mend(mut env: EnvFile, name: &str, project: &Project) -> Mend {
    let sfu_url = project.sfu_url();
    let mut changes = Vec::new();
    for variable in [KEY, SECRET].into_iter().chain(URLS) {
        let values: Vec<String> = env.all(variable).map(|a| a.value.clone()).collect();
        let wrong = |v: &String| difference(variable, Some(v), project).is_some();
        let is_ours = !URLS.contains(&variable) || (name == ENV_FILE && variable == URLS[0]);
        let missing = values.is_empty() && is_ours;
        if !missing && !values.iter().any(wrong) {
            continue;
        }
        let before = values.last().filter(|_| variable != SECRET);
        let value = match variable {
            KEY => project.key_pair().key.clone(),
            SECRET => project.secret_in_use().to_owned(),
            _ => url_like(before.map_or("", String::as_str), &sfu_url),
        };
        env.set(variable, &value);
        changes.push(Change {
            variable,
            before: before.map(|v| match variable {
                KEY => shown_key(v).to_owned(),
                _ => without_password(v),
            }),
            after: (variable != SECRET).then_some(value),
        });
    }
    Mend {
        file: name.to_owned(),
        changes,
        env,
    }
}
