//! The files of a new project: planned first, so that nothing is half-written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::load::{self, Findings};
use super::{
    ENV_FILE, EnvFile, LIVEKIT_FILE, LivekitConfig, SETTINGS_FILE, Settings, Target, problem,
};
use crate::error::{Context as _, Error, Result};
use crate::host::files::{PRIVATE, replace};
use crate::livekit::keys::{KeyPair, generate_secret};

const GITIGNORE: &str = ".gitignore";

/// How to treat files that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Write nothing when there is one.
    Refuse,
    /// Leave them as they are and write the others.
    Keep,
    /// Replace them.
    Replace,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It was not there.
    Created,
    /// It was there, with another text.
    Replaced,
    /// Values or lines of it are changed, the rest stays.
    Changed,
    /// It stays as it is.
    Kept,
}

/// A file of the new project.
#[derive(Debug, Serialize)]
pub struct Planned {
    /// Its name.
    pub file: &'static str,
    /// What happens to it.
    pub action: Action,
    #[serde(skip)]
    before: Option<String>,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    mode: u32,
}

/// The files of a new project.
#[derive(Debug)]
pub struct Scaffold {
    /// The project's folder.
    pub dir: PathBuf,
    /// Its files.
    pub files: Vec<Planned>,
    /// The pair in use.
    pub pair: KeyPair,
    /// Variables of an `.env` that was there and keeps them.
    pub kept: Vec<&'static str>,
}

/// Plans the files of a project in `dir`.
pub fn scaffold(
    dir: &Path,
    name: Option<&str>,
    existing: Existing,
    rng: &mut impl CryptoRng,
) -> Result<Scaffold> {
    let before = Before::read(dir)?;
    before.refuse(dir, existing)?;
    let keeps = |text: &Option<String>| text.is_some() && existing == Existing::Keep;
    let fresh = KeyPair::generate(rng);
    let livekit_text = livekit_yaml(&fresh, &KeyPair::generate(rng))?;
    let (pair, port) = if keeps(&before.livekit) {
        pair_of(dir)?
    } else {
        (fresh, LivekitConfig::default().port)
    };
    let defaults = Settings::default();
    let livekit_url = format!("ws://localhost:{port}");
    let wanted = variables(&pair, &livekit_url, defaults.services.mongodb.port, rng);
    let (env_text, kept) = env_text(dir, &before, keeps(&before.env), &wanted)?;
    let settings_text = render(
        include_str!("../../templates/urbania.yaml"),
        &json!({"name": name, "settings": defaults}),
    )?;
    let gitignore_text = gitignore(before.gitignore.as_deref());
    let file = |file, before: Option<String>, text, mode| {
        let keeps = keeps(&before);
        planned(file, before, text, mode, keeps)
    };
    let mut files = vec![
        file(SETTINGS_FILE, before.settings, settings_text, 0o644),
        file(LIVEKIT_FILE, before.livekit, livekit_text, PRIVATE),
        file(ENV_FILE, before.env, env_text, PRIVATE),
    ];
    files.push(planned(
        GITIGNORE,
        before.gitignore,
        gitignore_text,
        0o644,
        false,
    ));
    Ok(Scaffold {
        dir: dir.to_path_buf(),
        files,
        pair,
        kept,
    })
}

/// The `livekit.yaml` of a new project with these pairs.
pub fn livekit_yaml(in_use: &KeyPair, reserve: &KeyPair) -> Result<String> {
    let template = include_str!("../../templates/livekit.yaml");
    let context = json!({
        "in_use": shown(in_use),
        "reserve": shown(reserve),
        "documented": in_use.is_documented(),
    });
    render(template, &context)
}

impl Scaffold {
    /// Writes what is not kept. When one file cannot be written, those before it are put back.
    pub fn write(&self) -> Result<()> {
        fs::create_dir_all(&self.dir)
            .or_fail(|| format!("cannot make the folder `{}`", self.dir.display()))?;
        for (n, planned) in self.files.iter().enumerate() {
            if let Err(e) = planned.write(&self.dir) {
                for done in &self.files[..n] {
                    // The first error is the one that matters.
                    let _ = done.undo(&self.dir);
                }
                return Err(Error::failed(format!("cannot write `{}`", planned.file)).because(e));
            }
        }
        Ok(())
    }
}

impl Planned {
    fn write(&self, dir: &Path) -> io::Result<()> {
        if self.action == Action::Kept {
            return Ok(());
        }
        replace(&dir.join(self.file), &self.text, self.mode)
    }

    fn undo(&self, dir: &Path) -> io::Result<()> {
        match (&self.before, self.action) {
            (_, Action::Kept) => Ok(()),
            (Some(text), _) => replace(&dir.join(self.file), text, self.mode),
            (None, _) => fs::remove_file(dir.join(self.file)),
        }
    }
}

/// The files that are there already.
struct Before {
    settings: Option<String>,
    livekit: Option<String>,
    env: Option<String>,
    gitignore: Option<String>,
}

impl Before {
    fn read(dir: &Path) -> Result<Self> {
        let text = |file: &str| {
            let path = dir.join(file);
            match fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => {
                    Err(Error::failed(format!("cannot read `{}`", path.display())).because(e))
                }
            }
        };
        Ok(Self {
            settings: text(SETTINGS_FILE)?,
            livekit: text(LIVEKIT_FILE)?,
            env: text(ENV_FILE)?,
            gitignore: text(GITIGNORE)?,
        })
    }

    fn refuse(&self, dir: &Path, existing: Existing) -> Result<()> {
        let there: Vec<&str> = [
            (SETTINGS_FILE, &self.settings),
            (LIVEKIT_FILE, &self.livekit),
            (ENV_FILE, &self.env),
        ]
        .into_iter()
        .filter(|(_, text)| text.is_some())
        .map(|(file, _)| file)
        .collect();
        if there.is_empty() || existing != Existing::Refuse {
            return Ok(());
        }
        Err(Error::usage(format!(
            "`{}` has {} already; nothing was written",
            dir.display(),
            there.join(", ")
        ))
        .hint("`urbania init --missing` writes only the files that are missing")
        .hint("`urbania init --force` replaces them; the passwords in .env stay"))
    }
}

/// A file and what happens to it.
fn planned(
    file: &'static str,
    before: Option<String>,
    text: String,
    mode: u32,
    keep: bool,
) -> Planned {
    let action = match &before {
        None => Action::Created,
        Some(before) if keep || *before == text => Action::Kept,
        Some(_) if matches!(file, ENV_FILE | GITIGNORE) => Action::Changed,
        Some(_) => Action::Replaced,
    };
    Planned {
        file,
        action,
        before,
        text,
        mode,
    }
}

/// The pair and the port of a `livekit.yaml` that stays.
fn pair_of(dir: &Path) -> Result<(KeyPair, u16)> {
    let mut findings = Findings::default();
    let settings = Settings::default();
    let target = Target::of_image(&settings.images.livekit);
    let (_, livekit) = load::livekit(dir, &settings, target, &mut findings);
    if !findings.problems.is_empty() {
        return Err(problem::error(findings.problems));
    }
    let pair = livekit.keys.into_iter().next();
    let pair =
        pair.ok_or_else(|| Error::usage(format!("{LIVEKIT_FILE}: no API key under `keys`")))?;
    Ok((pair, livekit.port))
}

/// What `.env` must hold: the pair, where the SFU is, and secrets that are made once.
pub(super) fn variables(
    pair: &KeyPair,
    livekit_url: &str,
    mongodb_port: u16,
    rng: &mut impl CryptoRng,
) -> Vec<(&'static str, String)> {
    let password = Alphanumeric.sample_string(rng, 32);
    let mongodb_uri =
        format!("mongodb://urbania:{password}@127.0.0.1:{mongodb_port}/urbania?authSource=admin");
    vec![
        ("LIVEKIT_API_KEY", pair.key.clone()),
        ("LIVEKIT_API_SECRET", pair.secret.expose_secret().to_owned()),
        ("LIVEKIT_URL", livekit_url.to_owned()),
        ("MONGODB_URI", mongodb_uri),
        (
            "URBANIA_SESSION_SECRET",
            generate_secret(rng).expose_secret().to_owned(),
        ),
    ]
}

/// The text of `.env`, and which variables of the old one stay. What an old one says of the
/// database and of sessions must stay: the data knows these secrets.
fn env_text(
    dir: &Path,
    before: &Before,
    keep: bool,
    wanted: &[(&'static str, String)],
) -> Result<(String, Vec<&'static str>)> {
    let Some(text) = &before.env else {
        let context: Value = wanted
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let text = render(include_str!("../../templates/env"), &context)?;
        return Ok((text, Vec::new()));
    };
    let mut env = EnvFile::parse(&dir.join(ENV_FILE), text.clone());
    let mut kept = Vec::new();
    for (name, value) in wanted.iter().filter(|_| !keep) {
        if !name.starts_with("LIVEKIT_") && env.get(name).is_some() {
            kept.push(*name);
        } else {
            env.set(name, value);
        }
    }
    Ok((env.text().to_owned(), kept))
}

/// The old text and the lines that it lacks.
fn gitignore(before: Option<&str>) -> String {
    let template = include_str!("../../templates/gitignore");
    let Some(before) = before else {
        return template.to_owned();
    };
    let has = |line: &str| {
        let bare = |l: &str| {
            l.trim()
                .trim_start_matches('/')
                .trim_end_matches('/')
                .to_owned()
        };
        before.lines().any(|l| bare(l) == bare(line))
    };
    let lines = template.lines().filter(|l| !l.starts_with('#'));
    let missing: Vec<&str> = lines.filter(|line| !has(line)).collect();
    if missing.is_empty() {
        return before.to_owned();
    }
    let end = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{before}{end}{}\n", missing.join("\n"))
}

fn shown(pair: &KeyPair) -> Value {
    json!({"key": pair.key, "secret": pair.secret.expose_secret()})
}

fn render(template: &str, context: &Value) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let text = environment
        .render_str(template, Serde(context))
        .or_fail(|| "cannot fill in a template".into())?;
    // The template's own last line feed is dropped, as Jinja does.
    Ok(text + "\n")
}
