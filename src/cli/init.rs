//! `urbania init`.

use std::path::PathBuf;

use serde_json::json;

use crate::config::{Action, Existing, is_project_name, scaffold};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::{DIM, Format};

/// Write the files of a new project
///
/// urbania.yaml (settings), livekit.yaml (LiveKit's own config with a fresh key pair and one in
/// reserve), .env (what the backend reads) and .gitignore. A file that exists is never overwritten
/// unless asked for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the project [default: the current one]
    dir: Option<PathBuf>,
    /// Name of the project [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// Replace files that exist; .env keeps its passwords
    #[arg(long, conflicts_with = "missing")]
    force: bool,
    /// Write only the files that are missing
    #[arg(long)]
    missing: bool,
}

/// Runs the command.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    if let Some(name) = args.name.as_deref().filter(|name| !is_project_name(name)) {
        return Err(Error::usage(format!("`{name}` is not a project name"))
            .hint("lower-case letters, digits, `-` and `_`, a letter or digit first"));
    }
    let existing = match (args.force, args.missing) {
        (true, _) => Existing::Replace,
        (_, true) => Existing::Keep,
        _ => Existing::Refuse,
    };
    let given = args.dir.or_else(|| ctx.project.clone());
    let dir = match &given {
        Some(dir) => ctx.cwd.join(dir),
        None => ctx.cwd.clone(),
    };
    let scaffold = scaffold(&dir, args.name.as_deref(), existing, &mut rand::rng())?;
    scaffold.write()?;
    if ctx.out.format == Format::Json {
        return ctx.out.json(&json!({
            "dir": scaffold.dir,
            "files": scaffold.files,
            "key": scaffold.pair.key,
            "kept": scaffold.kept,
        }));
    }
    for planned in &scaffold.files {
        let action = match planned.action {
            Action::Created => "created",
            Action::Replaced => "replaced",
            Action::Changed => "changed",
            Action::Kept => "kept",
        };
        ctx.out.line(format!("{action:<9}{}", planned.file))?;
    }
    if !scaffold.kept.is_empty() {
        let kept = scaffold.kept.join(", ");
        ctx.out
            .say(format!("{kept} of .env stay: the data knows them"));
    }
    let up = given.map_or("urbania up".into(), |dir| {
        format!("cd {} && urbania up", dir.display())
    });
    ctx.out.say(format!("{DIM}next:{DIM:#} {up}"));
    Ok(())
}
