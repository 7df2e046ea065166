//! Who comes and goes, found by asking again and again: any LiveKit can be watched that way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::Sfu;
use crate::context::Context;
use crate::error::Result;
use crate::livekit::room_service::SfuError;
use crate::output::{DIM, Format, GOOD, WARN};
use crate::presence::follow::reconcile;
use crate::presence::{Change, changes, look};
use crate::store::Call;

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(1);

/// Shows changes until the process ends. An SFU that does not answer in between is waited for; the
/// first question must be answered.
pub async fn watch(ctx: &Context, sfu: &Sfu, room: Option<&str>) -> Result<()> {
    let mut calls = BTreeMap::new();
    for change in step(sfu, room, &mut calls)
        .await
        .map_err(|e| sfu.error(e))?
    {
        show(ctx, &change)?;
    }
    let what = room.map_or_else(|| "all rooms".to_owned(), |room| format!("`{room}`"));
    ctx.out
        .say(format_args!("watching {what} at {}; Ctrl-C ends", sfu.url));
    let mut down = false;
    loop {
        sleep(PAUSE).await;
        match step(sfu, room, &mut calls).await {
            Ok(changes) => {
                if std::mem::take(&mut down) {
                    ctx.out.say("the SFU answers again");
                }
                for change in changes {
                    show(ctx, &change)?;
                }
            }
            Err(SfuError::Unreachable(_)) => {
                if !std::mem::replace(&mut down, true) {
                    let message = "the SFU does not answer; waiting for it";
                    ctx.out.complain(format_args!("{WARN}{message}{WARN:#}"));
                }
            }
            Err(e) => return Err(sfu.error(e)),
        }
    }
}

/// What changed since the last question.
async fn step(
    sfu: &Sfu,
    room: Option<&str>,
    calls: &mut BTreeMap<String, Call>,
) -> Result<Vec<(String, Change)>, SfuError> {
    let mut seen = look(&sfu.rooms).await?;
    seen.retain(|name, _| room.is_none_or(|room| room == name));
    for name in seen.keys() {
        calls.entry(name.clone()).or_default();
    }
    let mut happened = Vec::new();
    for (name, call) in &mut *calls {
        if let Some(next) = reconcile(call, seen.get(name)) {
            happened.extend(changes(call, &next).into_iter().map(|c| (name.clone(), c)));
            *call = next;
        }
    }
    calls.retain(|name, _| seen.contains_key(name));
    Ok(happened)
}

fn show(ctx: &Context, (room, change): &(String, Change)) -> Result<()> {
    let now = format!("{:.3}", ctx.clock.now());
    let (event, who, words) = match change {
        Change::Started => ("room_started", None, "begins"),
        Change::Joined(who) => ("participant_joined", Some(who), "joins"),
        Change::Left(who) => ("participant_left", Some(who), "leaves"),
        Change::Finished => ("room_finished", None, "ends"),
    };
    if ctx.out.format == Format::Json {
        let participant = who.map(|w| json!({ "identity": w.identity, "sid": w.sid }));
        let line = json!({ "event": event, "room": room, "participant": participant, "at": now });
        return ctx.out.line(line);
    }
    let line = match who {
        Some(who) => format!("{} {words} `{room}`", who.identity),
        None => format!("`{room}` {words}"),
    };
    ctx.out
        .line(format!("{DIM}{now}{DIM:#} {GOOD}{line}{GOOD:#}"))
}
