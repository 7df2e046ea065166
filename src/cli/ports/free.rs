//! `--free`: free ports in the place of those that others hold.

use serde_json::json;

use crate::config::{PortMove, Project, STATE_DIR, left_alone, move_ports};
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::host::claims::Claim;
use crate::host::files::{PRIVATE, replace_all};
use crate::host::lock::ProjectLock;
use crate::host::ports::PortNeed;
use crate::host::sockets::{self, Socket};
use crate::host::taken::is_free;
use crate::output::Format;

/// Shows the whole change, asks, and writes it. `needs` is all that the project needs: nothing is moved there.
pub async fn all(
    ctx: &Context,
    project: &Project,
    needs: &[PortNeed],
    claims: &[&Claim],
    (yes, dry_run): (bool, bool),
) -> Result<()> {
    let state = project.dir.join(STATE_DIR);
    let _lock = ProjectLock::acquire(&state, "urbania ports --free", &ctx.out).await?;
    let moves = propose(project, needs, claims, &sockets::listening()?)?;
    let files = move_ports(project, &moves)?;
    let left_alone = left_alone(&project.dir, &moves);
    if ctx.out.format == Format::Table {
        for moved in &moves {
            let PortMove {
                service, purpose, ..
            } = moved;
            let (from, to) = (moved.before(), moved.after());
            ctx.out
                .line(format!("{service}: {purpose}: {from} → {to}"))?;
        }
        for file in &files {
            let mut changes = file.changes.iter();
            changes.try_for_each(|change| ctx.out.line(format!("{}: {change}", file.file)))?;
        }
        left_alone.iter().try_for_each(|line| ctx.out.line(line))?;
    }
    if moves.is_empty() {
        ctx.out.say("nothing is in the way");
    } else if !dry_run {
        agree(ctx, yes)?;
        let texts: Vec<_> = files
            .iter()
            .map(|file| (file.path(), file.text()))
            .collect();
        replace_all(&texts, PRIVATE).or_fail(|| "cannot write the files".into())?;
        ctx.out.say("next: urbania up");
    }
    if ctx.out.format == Format::Json {
        return ctx.out.json(
            &json!({"dry_run": dry_run, "moves": moves, "files": files, "left_alone": left_alone}),
        );
    }
    Ok(())
}

fn agree(ctx: &Context, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    match ctx.out.confirm("Write this?") {
        Some(true) => Ok(()),
        Some(false) => Err(Error::failed("nothing was written")),
        None => Err(
            Error::usage("nobody is here to be asked, so nothing was written")
                .hint("write it without asking: add `--yes`"),
        ),
    }
}

/// The next free ports for each that is held.
fn propose(
    project: &Project,
    needs: &[PortNeed],
    claims: &[&Claim],
    listening: &[Socket],
) -> Result<Vec<PortMove>> {
    let mut moves: Vec<PortMove> = Vec::new();
    for claim in claims.iter().filter(|claim| !claim.need.service.is_empty()) {
        let need = &claim.need;
        if moves
            .iter()
            .any(|m| m.from == need.first && m.purpose == need.purpose)
        {
            continue;
        }
        let rest = need.last - need.first;
        let others = needs.iter().filter(|other| *other != need);
        let mut reserved: Vec<(u16, u16)> = others.map(|n| (n.first, n.last)).collect();
        reserved.extend(moves.iter().map(|m| (m.to, m.to + (m.count - 1))));
        let fits = |first: &u16| {
            let last = first + rest;
            let there = PortNeed {
                first: *first,
                last,
                ..need.clone()
            };
            !reserved
                .iter()
                .any(|(from, to)| *from <= last && *first <= *to)
                && is_free(&there, listening)
        };
        let to = (need.last.saturating_add(1)..=u16::MAX - rest).find(fits);
        let to = to.or_else(|| (1024..need.first).rev().find(fits));
        let next = PortMove {
            service: need.service.clone(),
            purpose: need.purpose.clone(),
            protocol: need.protocol,
            from: need.first,
            to: to.unwrap_or(need.first),
            count: rest + 1,
        };
        if to.is_none() || !next.is_known(project) {
            return Err(Error::usage(format!(
                "{} of {} ({}) cannot be moved from here",
                need.purpose,
                need.service,
                next.before()
            ))
            .hint("end the holder instead: `urbania ports --stop`"));
        }
        moves.push(next);
    }
    Ok(moves)
}
