//! `urbania doctor`.

mod mend;
mod shown;

use std::path::PathBuf;

use crate::config::Project;
use crate::context::Context;
use crate::doctor::{Examination, Group, Verdict, examine, explanation, named, pages};
use crate::error::{Context as _, Error, Result};
use crate::output::Format;

/// Look for every known way in which the stack fails
///
/// Exits with 3 when a problem is found; notes and warnings are none. Changes nothing without --fix.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only the checks of this group; several times for several groups
    #[arg(long, value_name = "GROUP")]
    only: Vec<Group>,
    /// Mend what can be mended, after asking
    #[arg(long)]
    fix: bool,
    /// Do not ask
    #[arg(long, requires = "fix")]
    yes: bool,
    /// Say what a check looks at, why it matters, and what to do
    #[arg(long, value_name = "CODE", conflicts_with_all = ["only", "fix"])]
    explain: Option<String>,
    /// Write the pages of docs/doctor
    #[arg(long, value_name = "DIR", hide = true)]
    pages: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    if let Some(code) = &args.explain {
        let about = named(code)?;
        return match ctx.out.format {
            Format::Json => ctx.out.json(about),
            Format::Table => ctx.out.line(explanation(about)),
        };
    }
    if let Some(dir) = &args.pages {
        return write_pages(dir);
    }
    if ctx.project.is_some() {
        // Whoever names a project means one that is there; what is wrong in its files is a finding.
        Project::find(ctx)?;
    }
    let groups = if args.only.is_empty() {
        Group::ALL.to_vec()
    } else {
        args.only
    };
    let mut found = examine(ctx, &groups).await;
    if args.fix && mend::all(ctx, &found.mends(), args.yes).await? {
        found = examine(ctx, &groups).await;
    }
    match ctx.out.format {
        Format::Json => ctx.out.json(&found)?,
        Format::Table => ctx.out.line(shown::report(&found))?,
    }
    verdict(&found)
}

fn write_pages(dir: &std::path::Path) -> Result<()> {
    for (name, text) in pages() {
        let path = dir.join(name);
        std::fs::write(&path, text).or_fail(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}

/// Fails where something is broken.
fn verdict(found: &Examination) -> Result<()> {
    let mut codes: Vec<&str> = Vec::new();
    let mut problems = 0;
    for (code, _) in found
        .findings()
        .filter(|(_, f)| f.verdict == Verdict::Problem)
    {
        problems += 1;
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    let Some(first) = codes.first() else {
        return Ok(());
    };
    let s = if problems == 1 { "" } else { "s" };
    let error = Error::problem(format!("{problems} problem{s}: {}", codes.join(", ")))
        .hint(format!("urbania doctor --explain {first}   says more"));
    Err(if found.mends().is_empty() {
        error
    } else {
        error.hint("urbania doctor --fix   mends what can be mended, after asking")
    })
}
