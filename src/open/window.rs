//! Windows of this machine, one a person, each with a profile of its own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::context::Env;
use crate::error::{Context as _, Error, Result};
use crate::host::files::{PRIVATE, private_dir, replace};
use crate::host::process::{Running, Spawn, Variables, running, spawn_detached};
use crate::lab::browser::{find, is_root};

/// Within this a browser has its profile, also a first one on a slow disk.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// So much of a browser's last words is quoted.
const MOST_WORDS: usize = 400;

/// What opens a page for whoever asks the desktop.
const OPENERS: [&str; 3] = ["xdg-open", "wslview", "/usr/bin/open"];

/// Two of these stand beside each other on a usual screen.
const SIZE: (usize, usize) = (920, 760);

/// What opens windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opener {
    /// Chromium or Chrome, with a profile for each person.
    Chromium(PathBuf),
    /// The desktop's own way, into the browser that is the user's: a tab for each person.
    Desktop(PathBuf),
}

impl Opener {
    /// What there is; `None` where nobody would see a window.
    pub fn of(env: &Env) -> Result<Option<Self>> {
        if !has_display(env) {
            return Ok(None);
        }
        match find(env) {
            Ok(program) => Ok(Some(Self::Chromium(program))),
            Err(missing) => match desktop(env) {
                Some(program) if env.get("URBANIA_BROWSER").is_none() => {
                    Ok(Some(Self::Desktop(program)))
                }
                _ => Err(missing),
            },
        }
    }

    /// The program.
    pub fn program(&self) -> &Path {
        match self {
            Self::Chromium(program) | Self::Desktop(program) => program,
        }
    }
}

/// Whether windows are shown to somebody.
fn has_display(env: &Env) -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|n| env.get(n).is_some())
}

fn desktop(env: &Env) -> Option<PathBuf> {
    let folders: Vec<_> = env
        .get("PATH")
        .into_iter()
        .flat_map(std::env::split_paths)
        .collect();
    let mut candidates = OPENERS
        .iter()
        .flat_map(|name| folders.iter().map(move |dir| dir.join(name)));
    candidates.find(|path| path.is_file())
}

/// The folder of a person's window. An app's own ids may be anything, a path too.
pub fn folder(state: &Path, id: &str) -> PathBuf {
    let digest = Sha256::digest(id);
    let name = digest.iter().take(8).fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    });
    state.join("windows").join(name)
}

/// A person's window.
#[derive(Debug)]
pub struct Window<'a> {
    /// Its files; nobody else's.
    pub dir: PathBuf,
    /// How many there are already.
    pub place: usize,
    /// Whether camera and microphone are made up.
    pub fake: bool,
    /// Where it leads.
    pub link: &'a SecretString,
}

impl Window<'_> {
    /// Opens it and returns when the browser has taken it on.
    pub async fn open(&self, opener: &Opener) -> Result<()> {
        private_dir(&self.dir)?;
        let door = self.dir.join("door.html");
        let html = door_to(self.link.expose_secret());
        replace(&door, &html, PRIVATE).or_fail(|| format!("cannot write `{}`", door.display()))?;
        match opener {
            Opener::Desktop(program) => hand_over(program, &[door.display().to_string()]).await,
            Opener::Chromium(program) => self.chromium(program, &door).await,
        }
    }

    async fn chromium(&self, program: &Path, door: &Path) -> Result<()> {
        let profile = self.dir.join("profile");
        private_dir(&profile)?;
        let (pid_file, log) = (self.dir.join("browser.pid"), self.dir.join("browser.log"));
        let args = arguments(self, &profile, door, is_root());
        if running(&pid_file, &self.dir).await?.is_some() {
            // It has the profile, and opens another window when it is asked.
            return hand_over(program, &args).await;
        }
        let spawn = Spawn {
            program,
            args: &args,
            env: Variables::Added(&[]),
            log: &log,
            pid_file: &pid_file,
            dir: &self.dir,
        };
        let started = spawn_detached(&spawn).await?;
        // The link is no file: it names the process that has the profile.
        let lock = profile.join("SingletonLock");
        let until = Instant::now() + PATIENCE;
        while started.as_ref().is_some_and(Running::is_alive) && Instant::now() < until {
            if lock.is_symlink() {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        Err(
            Error::failed(format!("`{}` shows no window", program.display()))
                .because(std::io::Error::other(last_words(&log)))
                .hint("URBANIA_BROWSER=/path/to/chrome   names another one"),
        )
    }
}

/// A file in the link's place: arguments are there for everybody on this machine to read.
fn door_to(link: &str) -> String {
    let link = link.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"refresh\" content=\"0; url={link}\">\n<title>urbania</title>\n"
    )
}

fn arguments(window: &Window<'_>, profile: &Path, door: &Path, is_root: bool) -> Vec<String> {
    let (width, height) = SIZE;
    let (column, row) = (window.place % 2, window.place / 2);
    let mut args = vec![
        format!("--user-data-dir={}", profile.display()),
        "--no-first-run".to_owned(),
        "--no-default-browser-check".to_owned(),
        // Nobody is asked to unlock a keyring for a profile without passwords.
        "--password-store=basic".to_owned(),
        "--autoplay-policy=no-user-gesture-required".to_owned(),
        format!("--window-size={width},{height}"),
        format!("--window-position={},{}", column * width, row * 80),
        "--new-window".to_owned(),
    ];
    if window.fake {
        args.push("--use-fake-device-for-media-stream".to_owned());
        args.push("--use-fake-ui-for-media-stream".to_owned());
    }
    if is_root {
        // Chromium has no sandbox for root.
        args.push("--no-sandbox".to_owned());
    }
    args.push(format!("file://{}", door.display()));
    args
}

/// Runs a program that leaves the work to another process.
async fn hand_over(program: &Path, args: &[String]) -> Result<()> {
    let cannot = || format!("`{}` opens no window", program.display());
    let mut command = Command::new(program);
    command.args(args).kill_on_drop(true);
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    let ended = timeout(PATIENCE, command.status()).await.or_fail(cannot)?;
    let status = ended.or_fail(cannot)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::failed(format!("{}: {status}", cannot())))
}

fn last_words(log: &Path) -> String {
    let words = std::fs::read_to_string(log).unwrap_or_default();
    let words = words.trim();
    let from = words.len().saturating_sub(MOST_WORDS);
    let from = (from..=words.len()).find(|at| words.is_char_boundary(*at));
    match &words[from.unwrap_or_default()..] {
        "" => "it said nothing".to_owned(),
        words => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_in_the_file_and_in_no_argument() {
        let link = "http://127.0.0.1:8000/meeting/room?room=a&b=%22#code=c0de".into();
        let window = Window {
            dir: "/p/ada".into(),
            place: 3,
            fake: false,
            link: &link,
        };
        let html = door_to(link.expose_secret());
        assert!(
            html.contains("0; url=http://127.0.0.1:8000/meeting/room?room=a&amp;b=%22#code=c0de\"")
        );
        let args = arguments(
            &window,
            Path::new("/p/ada/profile"),
            Path::new("/p/ada/door.html"),
            false,
        );
        assert!(args.iter().all(|arg| !arg.contains("c0de")), "{args:?}");
        assert!(
            args.contains(&"--window-position=920,80".to_owned()),
            "{args:?}"
        );
        assert_eq!(args.last().unwrap(), "file:///p/ada/door.html");
        let flags = |fake, is_root| {
            let window = Window {
                fake,
                dir: "/p".into(),
                ..window
            };
            arguments(&window, Path::new("/p"), Path::new("/p"), is_root).len()
        };
        assert_eq!(
            (flags(true, false), flags(true, true)),
            (args.len() + 2, args.len() + 3)
        );
    }

    #[test]
    fn without_a_display_nothing_is_opened_and_a_browser_that_is_named_must_be_there() {
        let of = |env: &[(&str, &str)]| {
            let env: Env = env
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect();
            Opener::of(&env)
        };
        if cfg!(target_os = "linux") {
            assert_eq!(of(&[("URBANIA_BROWSER", "/no/such")]).unwrap(), None);
        }
        assert!(of(&[("DISPLAY", ":0"), ("URBANIA_BROWSER", "/no/such")]).is_err());
        let named = of(&[("WAYLAND_DISPLAY", "w"), ("URBANIA_BROWSER", "/bin/sh")]).unwrap();
        assert_eq!(named, Some(Opener::Chromium("/bin/sh".into())));
    }
}
