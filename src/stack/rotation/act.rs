//! The steps of a rotation, each of which can be begun again.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::decide::Step;
use super::look::{self, Sfu};
use crate::config::{KeyChange, LIVEKIT_FILE, Mend, Project, Stage, change_keys, mend_pairs};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::host::files::{PRIVATE, replace_all, sweep};
use crate::host::lock::ProjectLock;
use crate::livekit::keys::KeyPair;
use crate::stack::interrupt::Interrupt;
use crate::stack::reach::find_sfu;
use crate::stack::service::Service;
use crate::stack::serving::{self, Served};
use crate::stack::site::{Pull, Site};
use crate::stack::up::Up;

/// A request in flight may still be answered with the old pair, and clocks differ.
const SLACK: Duration = Duration::from_mins(1);
/// How long the SFU may take to become healthy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A rotation that is under way.
#[derive(Debug)]
pub struct Rotation<'a> {
    /// What the command was given.
    pub ctx: &'a Context,
    /// Nobody else changes the project meanwhile.
    pub lock: &'a ProjectLock,
    /// The project as its files are now.
    pub project: Project,
}

impl Rotation<'_> {
    /// Does one step; what was done, a line each.
    pub async fn take(&mut self, step: Step) -> Result<Vec<String>> {
        match step {
            Step::AddReserve => self.add_reserve(),
            Step::MoveOn => self.move_on().await,
            Step::RestartSfu => self.restart_sfu().await,
            Step::TellApis => self.tell_apis().await,
            Step::Retire => self.retire().await,
        }
    }

    fn add_reserve(&mut self) -> Result<Vec<String>> {
        let fresh = KeyPair::generate(&mut rand::rng());
        self.write(&KeyChange::AddReserve(&fresh), &[])?;
        Ok(vec![format!(
            "{LIVEKIT_FILE}: `{}` is in reserve",
            fresh.key
        )])
    }

    /// The files first, all at once; then the APIs; and when all of them have said so, until when
    /// tokens of the old pair are good.
    async fn move_on(&mut self) -> Result<Vec<String>> {
        let mut done = Vec::new();
        if self.project.livekit.stage() == Stage::Ready {
            let mends = mend_pairs(&self.after_the_move())?;
            let lines: Vec<String> = mends.iter().flat_map(|mend| mend.lines(false)).collect();
            self.write(&KeyChange::MoveOn, &mends)?;
            let keys = &self.project.livekit;
            let old = keys.retiring().map_or("", |(pair, _)| &pair.key);
            done.push(format!(
                "{LIVEKIT_FILE}: `{}` is in use, `{old}` retires",
                self.project.key_pair().key
            ));
            done.extend(lines);
        } else {
            let mends = mend_pairs(&self.project)?;
            done.extend(mends.iter().flat_map(|mend| mend.lines(false)));
            replace(None, &mends)?;
            self.project = self.project.reload()?;
        }
        done.extend(self.tell_apis().await?);
        let until = good_until(&self.project, self.ctx.clock.now());
        self.write(&KeyChange::GoodUntil(until), &[])?;
        if let Some((old, _)) = self.project.livekit.retiring() {
            done.push(format!("tokens of `{}` are good until {until:.0}", old.key));
        }
        Ok(done)
    }

    async fn tell_apis(&self) -> Result<Vec<String>> {
        let key = &self.project.key_pair().key;
        let apis = serving::tell(&self.project).await?;
        let line = |api: &Served| format!("api (pid {}): signs with `{key}`", api.pid());
        Ok(apis.iter().map(line).collect())
    }

    /// The project as it will be; the env files are compared with it before anything is written.
    fn after_the_move(&self) -> Project {
        let mut project = self.project.clone();
        let keys = &mut project.livekit.keys;
        let reserve = &self.project.livekit.roles.reserve;
        if let Some(at) = keys
            .iter()
            .position(|pair| Some(&pair.key) == reserve.as_ref())
        {
            keys.swap(0, at);
        }
        project
    }

    async fn retire(&mut self) -> Result<Vec<String>> {
        // A step before this one may have started it.
        let base = find_sfu(self.ctx, &self.project).await;
        let sfu = look::sfu(self.ctx, &self.project, &base).await?;
        let mut done = vec![retire_in_files(&mut self.project)?];
        if sfu != Sfu::Silent {
            done.extend(self.restart_sfu().await?);
        }
        serving::tell(&self.project).await?;
        Ok(done)
    }

    async fn restart_sfu(&self) -> Result<Vec<String>> {
        let interrupt = Interrupt::listen()?;
        let look = Box::pin(Site::look(self.ctx, self.project.clone(), Some(self.lock)));
        let mut site = interrupt.or(look).await?;
        let livekit = Service::Livekit;
        let mut instances = site.seen.instances.iter();
        if !instances.any(|instance| instance.service == livekit.as_str()) {
            return Err(Error::failed(format!(
                "the SFU that answers at {} is not this project's",
                site.sfu
            ))
            .hint(format!("start it again with {LIVEKIT_FILE} as it is now"))
            .hint("then: `urbania keys rotate --finish`"));
        }
        let wanted = site.wanted(&[livekit])?;
        let mut plan = site.plan(&wanted, Pull::Missing).await?;
        if plan.is_empty() {
            plan = plan.restarting();
        }
        let up = Up::new(self.ctx, &site, &wanted, PATIENCE, &interrupt);
        up.apply(&plan).await?;
        Ok(vec![format!(
            "{livekit}: started with the pairs of {LIVEKIT_FILE}"
        )])
    }

    fn write(&mut self, change: &KeyChange<'_>, mends: &[Mend]) -> Result<()> {
        write(&mut self.project, change, mends)
    }
}

/// When the last token that was signed with the old pair until `now` is over.
fn good_until(project: &Project, now: Timestamp) -> Timestamp {
    let longest = Duration::from_secs(project.settings.api.max_token_ttl);
    let until = now.checked_add(longest + SLACK);
    until.unwrap_or(Timestamp::MAX)
}

/// Removes the old pair from the files; says so.
pub(super) fn retire_in_files(project: &mut Project) -> Result<String> {
    let old = project.livekit.retiring().map(|(pair, _)| pair.key.clone());
    let fresh = KeyPair::generate(&mut rand::rng());
    write(project, &KeyChange::Retire(&fresh), &[])?;
    let old = old.unwrap_or_default();
    Ok(format!(
        "{LIVEKIT_FILE}: `{old}` is gone, `{}` is in reserve",
        fresh.key
    ))
}

/// Writes livekit.yaml and env files as one change, and reads them again.
fn write(project: &mut Project, change: &KeyChange<'_>, mends: &[Mend]) -> Result<()> {
    let path = project.dir.join(LIVEKIT_FILE);
    let text = fs::read_to_string(&path).or_fail(|| format!("cannot read `{LIVEKIT_FILE}`"))?;
    replace(Some(&(path, change_keys(&text, change)?)), mends)?;
    *project = project.reload()?;
    Ok(())
}

/// livekit.yaml first: it decides how far the rotation is.
fn replace(livekit: Option<&(PathBuf, String)>, mends: &[Mend]) -> Result<()> {
    let livekit = livekit
        .iter()
        .map(|(path, text)| (path.as_path(), text.as_str()));
    let mends = mends.iter().map(|mend| (mend.path(), mend.text()));
    let files: Vec<_> = livekit.chain(mends).collect();
    for (path, _) in &files {
        sweep(path);
    }
    let names = || {
        let names: Vec<_> = files
            .iter()
            .map(|(path, _)| format!("`{}`", path.display()))
            .collect();
        format!("cannot write {}", names.join(", "))
    };
    replace_all(&files, PRIVATE).or_fail(names)
}
