//! What happens during a call, done.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::browser::{Conditions, DevToolsError};
use super::call::Room;
use super::scenario::{Event, What};
use super::table::Table;
use crate::error::{Error, Result};

/// How long a page may take to do what happens.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who can stop and start the SFU.
#[async_trait(?Send)]
pub trait Restart {
    /// Does it; returns when it works again.
    async fn restart(&self) -> Result<()>;
}

/// What happened, for the report.
#[derive(Clone, Debug, Serialize)]
pub struct Happened {
    /// Seconds after all had joined.
    pub at: u32,
    /// What, for people.
    pub what: String,
    /// Why it could not be done.
    pub error: Option<String>,
}

/// Does all of it, each at its time.
pub async fn happen(room: &Room<'_>, table: &Table, started: Instant) -> Vec<Happened> {
    let mut events: Vec<&Event> = room.plan.scenario.events.iter().collect();
    events.sort_by_key(|event| event.at);
    let mut happened = Vec::new();
    for event in events {
        let interrupt = room.plan.interrupt;
        let due = started + Duration::from_secs(event.at.into());
        tokio::select! {
            () = sleep_until(due) => {}
            () = interrupt.requested() => break,
        }
        room.progress.say(format_args!("{event}"));
        let done = one(room, table, event);
        let error = match event.what {
            // What is stopped is started again, whoever is in a hurry.
            What::RestartSfu => done.await,
            _ => interrupt.or(done).await,
        };
        let error = error.err();
        if let Some(e) = &error {
            room.progress.say(format_args!("  that failed: {e}"));
        }
        happened.push(Happened {
            at: event.at,
            what: event.to_string(),
            error: error.map(|e| e.to_string()),
        });
    }
    happened
}

async fn one(room: &Room<'_>, table: &Table, event: &Event) -> Result<()> {
    if event.what == What::RestartSfu {
        let restart = room
            .plan
            .restart
            .ok_or_else(|| Error::usage("only the SFU of a project can be restarted"))?;
        return restart.restart().await;
    }
    for (seat, tab) in table.of(room.seat_of(event)) {
        let failed = |e: DevToolsError| Error::failed(format!("{}: {e}", seat.identity));
        match event.what {
            What::RestartSfu => {}
            What::Leave => tab
                .call::<()>("leave", &json!([]), PATIENCE)
                .await
                .map_err(failed)?,
            What::Reconnect => {
                let what = json!(["signal-reconnect"]);
                tab.call::<()>("simulate", &what, PATIENCE)
                    .await
                    .map_err(failed)?;
            }
            What::Network => tab.degrade(&conditions(event)).await.map_err(failed)?,
            What::Join => {
                let joined = room.join(seat, tab).await;
                joined.map_err(|why| Error::failed(format!("{}: {why}", seat.identity)))?;
            }
        }
    }
    Ok(())
}

fn conditions(event: &Event) -> Conditions {
    let usual = Conditions::default();
    Conditions {
        loss: event.loss.unwrap_or(usual.loss),
        latency: event.latency.unwrap_or(usual.latency),
        kbps: event.kbps.unwrap_or(usual.kbps),
    }
}
