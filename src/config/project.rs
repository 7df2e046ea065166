//! A project: its folder and its files.

mod folder;
mod problems;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rand::CryptoRng;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use self::folder::{canonical, is_project, name_of};
pub(super) use self::problems::readable_by_others;
use self::problems::{no_keys, no_livekit_file, open_to_others, with_hints};
use super::backends::{KEY, SECRET};
use super::lint::Target;
use super::load::{self, Findings};
use super::problem::Problem;
use super::roles::Stage;
use super::scaffold::variables;
use super::{
    CopiedFile, EngineKind, EnvFile, LivekitConfig, Room, RunsOn, Settings, check, deployment,
    files,
};
use crate::context::{Context, Env};
use crate::error::{Context as _, Error, Result};
use crate::livekit::keys::KeyPair;

/// The settings of a project.
pub const SETTINGS_FILE: &str = "urbania.yaml";
/// LiveKit's own config.
pub const LIVEKIT_FILE: &str = "livekit.yaml";
/// What the backend reads.
pub const ENV_FILE: &str = ".env";
/// State of what runs here, and without MongoDB all records.
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
    /// `livekit.yaml`; there is at least one key pair, unless the project was loaded to serve.
    pub livekit: LivekitConfig,
    /// The release of LiveKit that its file was read for.
    pub target: Target,
    /// `.env`.
    pub env: EnvFile,
    /// What works, but probably not as meant.
    pub warnings: Vec<Problem>,
    /// The engine that runs it, from `up` to `down`.
    pub runs_on: Option<RunsOn>,
    environment: Env,
}

impl Project {
    /// The project's folder: `--project`, else the nearest one upward that has a project's file.
    /// However it was reached, it has one name: containers carry it as a label.
    pub fn find(ctx: &Context) -> Result<PathBuf> {
        if let Some(given) = &ctx.project {
            let dir = ctx.cwd.join(given);
            return if is_project(&dir) {
                canonical(&dir)
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
            .ok_or_else(|| {
                Error::usage(format!(
                    "no {SETTINGS_FILE} or {LIVEKIT_FILE} in `{}` or in a folder above it",
                    ctx.cwd.display()
                ))
                .hint("urbania init")
            })
            .and_then(canonical)
    }

    /// Reads the project's files. One error names every problem of all of them.
    pub fn load(ctx: &Context) -> Result<Self> {
        Self::load_from(&Self::find(ctx)?, &ctx.env)
    }

    /// The same for another release of LiveKit than that of the image.
    pub fn load_for(ctx: &Context, target: Option<Target>) -> Result<Self> {
        Self::read(&Self::find(ctx)?, &ctx.env, target, |_| false)
    }

    /// Reads the project's files for the API alone, which can do without a pair in `livekit.yaml`.
    pub fn load_to_serve(ctx: &Context) -> Result<Self> {
        let needless = |p: &Problem| no_livekit_file(p) || no_keys(p);
        Self::read(&Self::find(ctx)?, &ctx.env, None, needless)
    }

    /// The same for a project that is served already.
    pub fn reload_to_serve(&self) -> Result<Self> {
        let needless = |p: &Problem| no_livekit_file(p) || no_keys(p);
        Self::read(&self.dir, &self.environment, None, needless)
    }

    /// Reads the files again.
    pub fn reload(&self) -> Result<Self> {
        Ok(Self {
            runs_on: self.runs_on.clone(),
            ..Self::load_from(&self.dir, &self.environment)?
        })
    }

    /// Reads the files of the project in `dir`.
    pub fn load_from(dir: &Path, environment: &Env) -> Result<Self> {
        Self::read(dir, environment, None, |_| false)
    }

    /// Reads the files; problems that are `needless` are none.
    fn read(
        dir: &Path,
        environment: &Env,
        target: Option<Target>,
        needless: impl Fn(&Problem) -> bool,
    ) -> Result<Self> {
        let mut findings = Findings::default();
        let (settings_source, mut settings) = load::settings(dir, environment, &mut findings);
        let target = target.unwrap_or_else(|| Target::of_image(&settings.images.livekit));
        let (livekit_source, livekit) = load::livekit(dir, &settings, target, &mut findings);
        check::settings(&settings_source, &settings, &mut findings);
        check::livekit(&livekit_source, &settings, &livekit, &mut findings);
        check::ports(&settings, &settings_source, &livekit, &mut findings);
        let env = EnvFile::read(&dir.join(ENV_FILE)).unwrap_or_else(|e| {
            let problem = Problem::of(ENV_FILE, format!("cannot be read: {e}"));
            findings.problems.push(problem);
            EnvFile::parse(&dir.join(ENV_FILE), String::new())
        });
        deployment::adopt(&mut settings, &livekit, environment, &env, &mut findings);
        findings.problems.retain(|problem| !needless(problem));
        if !findings.problems.is_empty() {
            return Err(with_hints(findings));
        }
        findings.warnings.extend(open_to_others(dir, &livekit));
        if livekit.stage() == Stage::Moving {
            let message =
                "a rotation was interrupted: `urbania keys rotate --finish` goes on with it";
            findings
                .warnings
                .push(livekit_source.problem("keys", message));
        }
        Ok(Self {
            name: settings.name.clone().unwrap_or_else(|| name_of(dir)),
            dir: dir.to_path_buf(),
            settings,
            livekit,
            target,
            env,
            warnings: findings.warnings,
            runs_on: RunsOn::of(dir),
            environment: environment.clone(),
        })
    }

    /// Copies of the files that `livekit.yaml` names, and what is wrong with those that cannot be
    /// read.
    pub fn sfu_files(&self) -> (Vec<CopiedFile>, Vec<Problem>) {
        files::copies(&self.livekit, &self.dir)
    }

    /// The engine that runs it, or that it asks for.
    pub fn engine(&self) -> Option<EngineKind> {
        let remembered = self.runs_on.as_ref().map(|runs| runs.engine);
        remembered.or_else(|| self.settings.engine.kind())
    }

    /// Whether `urbania up` runs a MongoDB. Without one, records are in a file.
    pub fn runs_mongodb(&self) -> bool {
        self.settings.services.mongodb.enabled && self.engine() != Some(EngineKind::Embedded)
    }

    /// Whether the records are in a MongoDB, that of the engine which runs the project or ran it last.
    pub fn has_records_in_mongodb(&self) -> bool {
        let engine = self.engine().or_else(|| RunsOn::last(&self.dir));
        self.settings.services.mongodb.enabled && engine != Some(EngineKind::Embedded)
    }

    /// The folder of the state.
    pub fn state_dir(&self) -> PathBuf {
        self.dir.join(STATE_DIR)
    }

    /// The pair in use: the first one of `livekit.yaml`.
    pub fn key_pair(&self) -> &KeyPair {
        &self.livekit.keys[0]
    }

    /// The pair that the API signs with: the first of `livekit.yaml`, or the one there that the
    /// environment names; without any there, the one of the environment or of `.env`.
    pub fn pair_to_serve_with(&self) -> Result<Option<KeyPair>> {
        if !self.livekit.keys.is_empty() {
            let named = |pair: &&KeyPair| {
                self.environment(KEY).is_none_or(|key| key == pair.key)
                    && self.environment(SECRET).is_none_or(|s| pair.has_secret(s))
            };
            let pair = self.livekit.keys.iter().find(named).cloned();
            return pair.ok_or_else(foreign_pair).map(Some);
        }
        let half = |missing: &str| {
            Error::usage(format!(
                "{missing} is not set; the key and its secret go together"
            ))
        };
        match (self.variable(KEY), self.variable(SECRET)) {
            (Some(key), Some(secret)) => Ok(Some(KeyPair {
                key: key.expose_secret().to_owned(),
                secret,
            })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(half(KEY)),
            (Some(_), None) => Err(half(SECRET)),
        }
    }

    /// Tells what the API takes up while it serves from what it had before: the pair that it signs with,
    /// those that webhooks are believed from, and what rooms are like.
    pub fn live_digest(&self) -> Result<String> {
        let mut hash = Sha256::new();
        let Room {
            auto_create,
            empty_timeout,
            max_participants,
            ..
        } = &self.livekit.room;
        hash.update([u8::from(*auto_create)]);
        hash.update(empty_timeout.to_le_bytes());
        hash.update(max_participants.to_le_bytes());
        for pair in self.pair_to_serve_with()?.iter().chain(&self.livekit.keys) {
            hash.update(pair.fingerprint());
        }
        let digest = hash.finalize();
        Ok(digest.iter().take(8).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }

    /// Address of the SFU for browsers.
    pub fn sfu_url(&self) -> String {
        self.settings
            .livekit_url
            .clone()
            .unwrap_or_else(|| self.livekit.websocket_here())
    }

    /// How to reach the database; `None` when there is none.
    pub fn mongodb_uri(&self) -> Option<SecretString> {
        self.variable("MONGODB_URI")
    }

    /// What signs the sessions of local users.
    pub fn session_secret(&self) -> Option<SecretString> {
        self.variable("URBANIA_SESSION_SECRET")
    }

    /// What signed them before: several stand with commas between.
    pub fn previous_session_secrets(&self) -> Vec<SecretString> {
        let all = self.variable("URBANIA_SESSION_SECRET_PREVIOUS");
        let all = all.as_ref().map_or("", |all| all.expose_secret());
        let each = all.split(',').map(str::trim);
        each.filter(|secret| !secret.is_empty())
            .map(SecretString::from)
            .collect()
    }

    /// Every secret by which callers are believed.
    pub fn auth_secrets(&self) -> Vec<SecretString> {
        let mut secrets: Vec<_> = self.session_secret().into_iter().collect();
        secrets.extend(self.previous_session_secrets());
        let backends = self.settings.auth.hs256.iter();
        secrets.extend(backends.filter_map(|backend| self.variable(&backend.secret_env)));
        secrets
    }

    /// Adds what `.env` lacks: the pair, where the SFU is, and secrets that are made once. Says which
    /// variables were added. What it has already stays, right or wrong: `keys sync` mends that.
    /// Nothing is written yet.
    pub fn complete_env(&mut self, rng: &mut impl CryptoRng) -> Vec<&'static str> {
        let mongodb = &self.settings.services.mongodb;
        let runs_mongodb = self.runs_mongodb();
        let mut added = Vec::new();
        for (name, value) in variables(self.key_pair(), &self.sfu_url(), mongodb.port, rng) {
            let is_made_once = !name.starts_with("LIVEKIT_");
            let is_elsewhere = is_made_once && self.environment.get(name).is_some();
            let is_needless = name == "MONGODB_URI" && !runs_mongodb;
            if self.env.get(name).is_none() && !is_elsewhere && !is_needless {
                self.env.set(name, &value);
                added.push(name);
            }
        }
        added
    }

    /// Writes `.env`.
    pub fn save_env(&mut self) -> Result<()> {
        self.env
            .save()
            .or_fail(|| format!("cannot write `{}`", self.env.path().display()))
    }

    /// The secret of the pair in use.
    pub(super) fn secret_in_use(&self) -> &str {
        self.key_pair().secret.expose_secret()
    }

    /// A variable of the process environment.
    pub(super) fn environment(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }

    /// A variable of the environment by which one pair is chosen, whatever the files say.
    pub fn pair_in_environment(&self) -> Option<&'static str> {
        let mut variables = [KEY, SECRET].into_iter();
        variables.find(|variable| self.environment(variable).is_some())
    }

    /// A variable of the environment, else of `.env`.
    pub fn variable(&self, name: &str) -> Option<SecretString> {
        self.environment
            .get(name)
            .or_else(|| self.env.get(name))
            .map(SecretString::from)
    }
}

fn foreign_pair() -> Error {
    Error::usage(format!(
        "the key pair of the environment is not in {LIVEKIT_FILE}, so it is not clear which one the SFU knows"
    ))
    .hint(format!(
        "unset {KEY} and {SECRET}, or add the pair under `keys` of {LIVEKIT_FILE}"
    ))
}
