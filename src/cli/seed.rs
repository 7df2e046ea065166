//! `urbania seed`.

use std::path::PathBuf;

use serde_json::json;

use crate::auth::password::Passwords;
use crate::config::{Project, SeedFile};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::{Format, Table, WARN};
use crate::store::seed::{Action, Planner, SeedError, SeedPlan};
use crate::store::{self, StoreError};

/// Store users, channels, clubs and rooms from a file
///
/// What is there already stays; the second time changes nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file, YAML or JSON; `urbania config schema seed` says what it may hold
    file: PathBuf,
    /// Say what would be stored, and store nothing
    #[arg(long)]
    dry_run: bool,
}

/// Compares the file with the store and stores what differs.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let project = Project::load_to_serve(ctx)?;
    let store = store::of(&project)?;
    let file = SeedFile::read(&ctx.cwd, &args.file)?;
    for warning in &file.warnings {
        ctx.out
            .complain(format!("{WARN}warning{WARN:#}: {warning}"));
    }
    let planner = Planner {
        store: store.as_ref(),
        passwords: Passwords::default(),
        now: ctx.clock.now(),
        max_participants: project.livekit.room.max_participants,
    };
    let plan = planner.plan(&file.seed).await.map_err(|e| match e {
        SeedError::Store(e) => failed(e),
        SeedError::Password(e) => e,
    })?;
    if !args.dry_run {
        store.apply(&plan.changes).await.map_err(failed)?;
    }
    show(ctx, &plan, args.dry_run)
}

fn show(ctx: &Context, plan: &SeedPlan, dry_run: bool) -> Result<()> {
    if ctx.out.format == Format::Json {
        return ctx
            .out
            .json(&json!({"dry_run": dry_run, "records": plan.records, "ids": plan.ids}));
    }
    if !plan.records.is_empty() {
        let mut table = Table::new(&["kind", "name", "action"]);
        for record in &plan.records {
            table.row([record.kind, &record.name, word(record.action, dry_run)]);
        }
        ctx.out.line(table)?;
    }
    if !plan.ids.is_empty() {
        let ids = plan.ids.join(", ");
        ctx.out
            .say(format_args!("no local users, so taken as ids: {ids}"));
    }
    if dry_run {
        ctx.out.say("nothing was stored");
    }
    Ok(())
}

fn word(action: Action, dry_run: bool) -> &'static str {
    match (action, dry_run) {
        (Action::Added, false) => "added",
        (Action::Added, true) => "would be added",
        (Action::Changed, false) => "changed",
        (Action::Changed, true) => "would be changed",
        (Action::Unchanged, _) => "unchanged",
    }
}

fn failed(e: StoreError) -> Error {
    let again = "`urbania seed` again stores what is missing";
    match e {
        StoreError::Taken => Error::failed("the store was changed meanwhile").hint(again),
        e @ StoreError::Unavailable(_) => Error::failed("cannot reach the store")
            .because(e)
            .hint("urbania up")
            .hint(again),
        e @ StoreError::Busy(_) => Error::failed("cannot write to the store")
            .because(e)
            .hint(again),
        e @ StoreError::Broken(_) => Error::failed("cannot use what the store holds").because(e),
    }
}
