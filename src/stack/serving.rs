//! Which APIs serve a project on this machine, and with which pairs: each of them says so in a file of its
//! own, so that whoever changed the pairs can tell them, and knows when they have heard it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::config::Project;
use crate::error::{Context as _, Error, Result};
use crate::host::files::{PRIVATE, identity, private_dir, replace};
use crate::host::process::{Handle, Record};

/// Reading three files takes no longer, on a slow disk either.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);

/// An API that serves a project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Served {
    process: Record,
    /// The folder of this file: in a copy of it, the file says nothing.
    of: Option<(u64, u64)>,
    /// Tells what it has taken up from what it had before.
    pub live: String,
}

impl Served {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }
}

/// This process serves; the file goes with the value.
#[derive(Debug)]
pub struct Serving {
    file: PathBuf,
    process: Record,
}

impl Serving {
    /// Says that this process serves with this, and hears of changes from now on.
    pub fn begin(state_dir: &Path, live: &str) -> Result<Self> {
        let cannot = || "cannot say that this process serves".to_owned();
        let program = std::env::current_exe().or_fail(cannot)?;
        let dir = folder(state_dir);
        private_dir(&dir)?;
        let serving = Self {
            file: dir.join(format!("{}.json", std::process::id())),
            process: Record::of_this_process(&program).or_fail(cannot)?,
        };
        serving.has(live).or_fail(cannot)?;
        Ok(serving)
    }

    /// Says that it has this from now on.
    pub fn has(&self, live: &str) -> io::Result<()> {
        let served = Served {
            process: self.process.clone(),
            of: self.file.parent().and_then(identity),
            live: live.to_owned(),
        };
        replace(&self.file, &serde_json::to_string(&served)?, PRIVATE)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that stays names a process that is gone, which is harmless.
        let _ = fs::remove_file(&self.file);
    }
}

fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join("serving")
}

/// Those that serve now. What the others left is removed.
pub fn serving(state_dir: &Path) -> Vec<Served> {
    let dir = folder(state_dir);
    let of = identity(&dir);
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut found = Vec::new();
    for entry in entries.map_while(io::Result::ok) {
        let path = entry.path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        match serde_json::from_str::<Served>(&text) {
            Ok(served) if served.of == of && served.process.is_alive() => found.push(served),
            // Nobody reads it again.
            Ok(_) => drop(fs::remove_file(path)),
            // A temporary file of one that is just saying so.
            Err(_) => {}
        }
    }
    found.sort_by_key(Served::pid);
    found
}

/// Tells every API of the project to read the files again and waits until all of them have.
pub async fn tell(project: &Project) -> Result<Vec<Served>> {
    let wanted = project.live_digest()?;
    let deadline = Instant::now() + PATIENCE;
    let mut told = Vec::new();
    loop {
        let all = serving(&project.state_dir());
        let Some(behind) = all.iter().find(|api| api.live != wanted) else {
            return Ok(all);
        };
        if Instant::now() >= deadline {
            return Err(Error::failed(format!(
                "the API (pid {}) does not take up what livekit.yaml says now",
                behind.pid()
            ))
            .hint("its log says why: `urbania logs api`")
            .hint("then again: `urbania keys rotate --finish`"));
        }
        for api in all.iter().filter(|api| api.live != wanted) {
            if !told.contains(&api.pid()) {
                told.push(api.pid());
                hang_up(api)?;
            }
        }
        sleep(LOOK).await;
    }
}

/// SIGHUP, by which an API reads the files again.
fn hang_up(api: &Served) -> Result<()> {
    match Handle::open(api.pid()).filter(|_| api.process.is_alive()) {
        Some(handle) => handle.hang_up().map(drop),
        None => Ok(()),
    }
}
