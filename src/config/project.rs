//! A project: its folder and its files.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{EnvFile, LivekitConfig, Settings};
use crate::context::{Context, Env};
use crate::error::{Context as _, Error, Result};
use crate::livekit::keys::KeyPair;

/// The settings of a project.
pub const SETTINGS_FILE: &str = "urbania.yaml";
/// LiveKit's own config.
pub const LIVEKIT_FILE: &str = "livekit.yaml";
/// What the backend reads.
pub const ENV_FILE: &str = ".env";
/// State that can be deleted.
pub const STATE_DIR: &str = ".urbania";

/// A project, read and checked.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its folder, absolute.
    pub dir: PathBuf,
    /// Its name: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// `urbania.yaml` and the environment's overrides.
    pub settings: Settings,
    /// `livekit.yaml`; there is at least one key pair.
    pub livekit: LivekitConfig,
    /// `.env`.
    pub env: EnvFile,
    environment: Env,
}

impl Project {
    /// The project's folder: `--project`, else the nearest one upward that has a project's file.
    pub fn find(ctx: &Context) -> Result<PathBuf> {
        if let Some(given) = &ctx.project {
            let dir = ctx.cwd.join(given);
            return if is_project(&dir) {
                Ok(dir)
            } else {
                Err(Error::usage(format!(
                    "`{}` has no {SETTINGS_FILE} and no {LIVEKIT_FILE}",
                    given.display()
                ))
                .hint(format!("urbania init {}", given.display())))
            };
        }
        ctx.cwd
            .ancestors()
            .find(|dir| is_project(dir))
            .map(Path::to_path_buf)
            .ok_or_else(|| {
                Error::usage(format!(
                    "no {SETTINGS_FILE} or {LIVEKIT_FILE} in `{}` or in a folder above it",
                    ctx.cwd.display()
                ))
                .hint("urbania init")
            })
    }

    /// Reads the project's files. One error names every problem of all of them.
    pub fn load(ctx: &Context) -> Result<Self> {
        Self::load_from(&Self::find(ctx)?, &ctx.env)
    }

    /// Reads the files of the project in `dir`.
    pub fn load_from(dir: &Path, environment: &Env) -> Result<Self> {
        let settings: Settings = read_yaml(&dir.join(SETTINGS_FILE))?.0;
        let (mut livekit, tree): (LivekitConfig, _) = read_yaml(&dir.join(LIVEKIT_FILE))?;
        livekit.tree = tree;
        if livekit.keys.is_empty() {
            return Err(Error::usage(format!(
                "{LIVEKIT_FILE}: no API keys under `keys`"
            )));
        }
        let env_path = dir.join(ENV_FILE);
        let env =
            EnvFile::read(&env_path).or_fail(|| format!("cannot read `{}`", env_path.display()))?;
        Ok(Self {
            name: settings.name.clone().unwrap_or_else(|| name_of(dir)),
            dir: dir.to_path_buf(),
            settings,
            livekit,
            env,
            environment: environment.clone(),
        })
    }

    /// The folder of state that can be deleted.
    pub fn state_dir(&self) -> PathBuf {
        self.dir.join(STATE_DIR)
    }

    /// The pair in use: the first one of `livekit.yaml`.
    pub fn key_pair(&self) -> &KeyPair {
        &self.livekit.keys[0]
    }

    /// Address of the SFU for browsers.
    pub fn sfu_url(&self) -> String {
        self.settings
            .livekit_url
            .clone()
            .unwrap_or_else(|| format!("ws://localhost:{}", self.livekit.port))
    }

    /// How to reach the users' database; `None` when there is none.
    pub fn mongodb_uri(&self) -> Option<SecretString> {
        self.secret("MONGODB_URI")
    }

    /// What signs the sessions of local users.
    pub fn session_secret(&self) -> Option<SecretString> {
        self.secret("URBANIA_SESSION_SECRET")
    }

    /// A variable of the environment, else of `.env`.
    fn secret(&self, name: &str) -> Option<SecretString> {
        self.environment
            .get(name)
            .or_else(|| self.env.get(name))
            .map(SecretString::from)
    }
}

fn is_project(dir: &Path) -> bool {
    dir.join(SETTINGS_FILE).is_file() || dir.join(LIVEKIT_FILE).is_file()
}

/// The name of a project in this folder: what containers can be called.
fn name_of(dir: &Path) -> String {
    let folder = dir.file_name().unwrap_or_default().to_string_lossy();
    let name: String = folder
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    match name.trim_matches(['-', '_']) {
        "" => "urbania".into(),
        name => name.to_owned(),
    }
}

fn read_yaml<T: serde::de::DeserializeOwned + Default>(
    path: &Path,
) -> Result<(T, serde_json::Value)> {
    if !path.exists() {
        return Ok((T::default(), serde_json::Value::Null));
    }
    let text =
        std::fs::read_to_string(path).or_fail(|| format!("cannot read `{}`", path.display()))?;
    let wrong = |e| Error::usage(format!("`{}` is wrong", path.display())).because(e);
    let tree: serde_json::Value = serde_yaml::from_str(&text).map_err(wrong)?;
    let typed = serde_yaml::from_str(&text).map_err(wrong)?;
    Ok((typed, tree))
}
