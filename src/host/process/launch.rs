//! Starting a detached process, from both sides: ours and that of the new process.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use super::pid_file::{self, Record};
use super::{Running, found};
use crate::error::{Context as _, Error, Result};
use crate::host::files;

/// The hidden subcommand behind [`become_program`].
const COMMAND: &str = "become-program";

/// How long the way from our binary to the program may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process to be started.
#[derive(Clone, Debug)]
pub struct Spawn<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments; secrets have no place here.
    pub args: &'a [String],
    /// Its environment.
    pub env: Variables<'a>,
    /// Where its stdout and stderr are appended to (0600).
    pub log: &'a Path,
    /// Where it is found again (0600).
    pub pid_file: &'a Path,
    /// The folder that it runs in.
    pub dir: &'a Path,
}

/// The environment of a process.
#[derive(Clone, Copy, Debug)]
pub enum Variables<'a> {
    /// That of this process and these.
    Added(&'a [(String, String)]),
    /// These alone: some programs heed variables that happen to be there.
    Only(&'a [(String, String)]),
}

/// Starts a process that outlives this one, the terminal and Ctrl-C. It is an error if the process
/// of the pid file runs already. `None`: it was started and has ended; its log says why.
pub async fn spawn_detached(spawn: &Spawn<'_>) -> Result<Option<Running>> {
    spawn_detached_through(&this_binary()?, spawn).await
}

/// The binary of this process, also after the file was replaced by a newer one.
fn this_binary() -> Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().or_fail(|| "cannot tell where urbania itself is".into())
}

/// The same where this process is not `urbania`, which `urbania` is then the path of.
pub async fn spawn_detached_through(urbania: &Path, spawn: &Spawn<'_>) -> Result<Option<Running>> {
    for file in [spawn.log, spawn.pid_file] {
        if let Some(dir) = file.parent() {
            files::private_dir(dir)?;
        }
    }
    let lock = pid_file::lock(spawn.pid_file).await?;
    if let Some(running) = found(spawn.pid_file, spawn.dir) {
        return Err(Error::failed(format!(
            "`{}` runs already (pid {})",
            running.record.program.display(),
            running.pid
        )));
    }
    let report = launch(urbania, spawn, lock).await?;
    if !report.is_empty() {
        return Err(Error::failed(report));
    }
    Ok(found(spawn.pid_file, spawn.dir))
}

/// Runs our binary as the new process and waits until it has become the program: its stdin is the
/// lock, its stdout tells us what went wrong and is closed by the change.
async fn launch(urbania: &Path, spawn: &Spawn<'_>, lock: File) -> Result<String> {
    let failed = || format!("cannot start `{}`", spawn.program.display());
    let mut command = tokio::process::Command::new(urbania);
    let variables = match spawn.env {
        Variables::Added(variables) => variables,
        Variables::Only(variables) => {
            command.env_clear();
            variables
        }
    };
    let mut child = command
        .arg0("urbania")
        .arg(COMMAND)
        .arg(std::path::absolute(spawn.pid_file).or_fail(failed)?)
        .arg(spawn.program)
        .arg("--")
        .args(spawn.args)
        .envs(variables.iter().map(|(k, v)| (k, v)))
        .current_dir(spawn.dir)
        .stdin(lock)
        .stdout(Stdio::piped())
        .stderr(files::append(spawn.log)?)
        .spawn()
        .or_fail(failed)?;
    let mut report = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        tokio::time::timeout(PATIENCE, pipe.read_to_string(&mut report))
            .await
            .or_fail(failed)?
            .or_fail(failed)?;
    }
    Ok(report)
}

/// The new process: leaves the terminal's session, writes the pid file, becomes `program`. Returns
/// only when that fails.
pub fn become_program(pid_file: &Path, program: &Path, args: &[OsString]) -> Error {
    // Both close by themselves when the change succeeds: copies are not inherited.
    let copies = (io::stdin().as_fd().try_clone_to_owned())
        .and_then(|lock| Ok((lock, io::stdout().as_fd().try_clone_to_owned()?)));
    let cause = match copies {
        Err(e) => e,
        Ok((_lock, report)) => {
            let e = change(pid_file, program, args);
            // Nobody may be left to be told; the log has it too.
            let _ = write!(
                File::from(report),
                "cannot start `{}`: {e}",
                program.display()
            );
            e
        }
    };
    Error::failed(format!("cannot start `{}`", program.display())).because(cause)
}

fn change(pid_file: &Path, program: &Path, args: &[OsString]) -> io::Error {
    // Fails only for the leader of a group, which then is out of the terminal's reach anyway.
    let _ = rustix::process::setsid();
    let prepared = Record::of_this_process(program)
        .and_then(|record| record.write(pid_file))
        .and_then(|()| io::stderr().as_fd().try_clone_to_owned());
    let cause = match prepared {
        Err(e) => e,
        Ok(log) => Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(log)
            .exec(),
    };
    let _ = fs::remove_file(pid_file);
    cause
}
