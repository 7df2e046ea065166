//! Brings env files in step with `livekit.yaml`, in place.

use std::fmt;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::backends::{
    KEY, SECRET, URLS, backends, can_be_made, difference, shown_key, url_like, without_password,
};
use super::{ENV_FILE, EnvFile, Project};
use crate::error::{Context as _, Result};
use crate::output::DIM;

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

/// Plans the changes that bring every env file in step; one that is missing is made where its folder is.
pub fn mend_backends(project: &Project) -> Result<Vec<Mend>> {
    let variables: Vec<_> = [KEY, SECRET].into_iter().chain(URLS).collect();
    plan(project, &variables, can_be_made)
}

/// The same for the pair alone; of the files that are missing the project's own alone is made.
pub fn mend_pairs(project: &Project) -> Result<Vec<Mend>> {
    plan(project, &[KEY, SECRET], |_| false)
}

fn plan(
    project: &Project,
    variables: &[&'static str],
    is_made: fn(&Path) -> bool,
) -> Result<Vec<Mend>> {
    let mut mends = vec![mend(project.env.clone(), ENV_FILE, project, variables)];
    for (name, path) in backends(project) {
        let file = EnvFile::read(&path).or_fail(|| format!("cannot read `{name}`"))?;
        if file.exists() || is_made(&path) {
            mends.push(mend(file, &name, project, variables));
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

    /// A line for each change.
    pub fn lines(&self, dry_run: bool) -> Vec<String> {
        let done = if dry_run { "would set" } else { "set" };
        let changes = self.changes.iter();
        changes
            .map(|change| format!("{}: {done} {change}", self.file))
            .collect()
    }

    /// What will be in the file.
    pub fn text(&self) -> &str {
        self.env.text()
    }
}

/// `LIVEKIT_API_KEY APIold → APInew`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.variable)?;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, " {DIM}{before} → {after}{DIM:#}"),
            (None, Some(after)) => write!(f, " {DIM}{after}{DIM:#}"),
            _ => Ok(()),
        }
    }
}

fn mend(mut env: EnvFile, name: &str, project: &Project, variables: &[&'static str]) -> Mend {
    let sfu_url = project.sfu_url();
    let is_whole = name == ENV_FILE || !env.exists();
    let mut changes = Vec::new();
    for &variable in variables {
        let values: Vec<String> = env.all(variable).map(|a| a.value.clone()).collect();
        let wrong = |v: &String| difference(variable, Some(v), project).is_some();
        let is_ours = !URLS.contains(&variable) || (is_whole && variable == URLS[0]);
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
