//! `--fix`: what will be done is shown, asked about, and done.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::cli::restart::restart;
use crate::config::{Project, STATE_DIR, mend_backends};
use crate::context::Context;
use crate::doctor::{Mend, SYSCTL_FILE};
use crate::engine::Engine as _;
use crate::engine::docker::Docker;
use crate::error::{Context as _, Error, Result};
use crate::host::lock::ProjectLock;
use crate::stack::service::Service;

/// How long the SFU may take to become healthy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Does all of it, in order; says whether anything was done.
pub async fn all(ctx: &Context, mends: &[Mend], yes: bool) -> Result<bool> {
    if mends.is_empty() {
        ctx.out.say("nothing that can be mended from here");
        return Ok(false);
    }
    ctx.out.say("this will be done:");
    for (n, mend) in mends.iter().enumerate() {
        ctx.out.say(format_args!("  {}. {mend}", n + 1));
    }
    if !yes && !agreed(ctx)? {
        return Ok(false);
    }
    for mend in mends {
        one(ctx, mend).await?;
    }
    Ok(true)
}

fn agreed(ctx: &Context) -> Result<bool> {
    ctx.out.confirm("Do it?").ok_or_else(|| {
        Error::usage("nobody is here to be asked").hint("mend without asking: add `--yes`")
    })
}

async fn one(ctx: &Context, mend: &Mend) -> Result<()> {
    match mend {
        Mend::SyncKeys => sync_keys(ctx).await,
        Mend::RestartSfu => restart(ctx, &[Service::Livekit], PATIENCE).await.map(drop),
        Mend::RemoveContainers(containers) => remove(ctx, containers).await,
        Mend::EndProcess(lost) => lost.end().await,
        Mend::Sysctl { name, value } => sysctl(name, value).await,
    }
}

/// What `urbania keys sync` does, without its report.
async fn sync_keys(ctx: &Context) -> Result<()> {
    let dir = Project::find(ctx)?;
    let lock = ProjectLock::acquire(&dir.join(STATE_DIR), "urbania doctor", &ctx.out).await?;
    for mend in mend_backends(&Project::load_from(&dir, &ctx.env)?)? {
        let path = mend.path().display().to_string();
        mend.write().or_fail(|| format!("cannot write `{path}`"))?;
    }
    drop(lock);
    Ok(())
}

async fn remove(ctx: &Context, containers: &[(String, String)]) -> Result<()> {
    let engine = Docker::connect(&ctx.env).await?;
    for (id, _) in containers {
        engine.remove(id).await?;
    }
    Ok(())
}

/// Now, and in a file that the system reads at its start.
async fn sysctl(name: &str, value: &str) -> Result<()> {
    let line = format!("{name}={value}");
    let set = Command::new("sysctl")
        .args(["-w", &line])
        .stdin(Stdio::null())
        .output()
        .await
        .or_fail(|| "cannot run `sysctl`".into())?;
    if !set.status.success() {
        let words = String::from_utf8_lossy(&set.stderr).trim().to_owned();
        return Err(Error::failed(format!("cannot set `{line}`: {words}"))
            .hint("sudo urbania doctor --fix"));
    }
    let kept = std::fs::read_to_string(SYSCTL_FILE).unwrap_or_default();
    std::fs::write(SYSCTL_FILE, with_line(&kept, name, value))
        .or_fail(|| format!("`{line}` holds until the next start: cannot write `{SYSCTL_FILE}`"))
}

/// The file with this variable; its other lines stay.
fn with_line(text: &str, name: &str, value: &str) -> String {
    let is_other = |line: &&str| line.split('=').next().is_some_and(|n| n.trim() != name);
    let mut lines: Vec<String> = text.lines().filter(is_other).map(Into::into).collect();
    lines.push(format!("{name} = {value}"));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_in_the_file_once_and_others_stay() {
        let text = "# ours\nnet.a = 1\nnet.b=2\n";
        assert_eq!(
            with_line(text, "net.b", "3"),
            "# ours\nnet.a = 1\nnet.b = 3\n"
        );
        assert_eq!(with_line("", "net.b", "3"), "net.b = 3\n");
    }
}
