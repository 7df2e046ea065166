//! What was lost is made good: the SFU is asked who is where, at the start, every so often, and
//! soon after something was missed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::record::{audience, follow};
use crate::api::App;
use crate::livekit::room_service::SfuError;
use crate::presence::look;
use crate::store::{Call, Room, Status, StoreError};

/// Between something missed and the question about it, so that one question does for many.
const SOON: Duration = Duration::from_secs(1);

/// Between two questions while there is no answer.
const AGAIN: Duration = Duration::from_secs(5);

/// What the log was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    SfuDown,
    SfuRefuses,
    StoreDown,
}

/// Why a round was not completed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missed {
    #[error(transparent)]
    Sfu(#[from] SfuError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Goes round until it is dropped.
pub async fn run(app: Arc<App>) {
    let mut said = Said::Nothing;
    loop {
        let now = match round(&app).await {
            Ok(()) => Said::Nothing,
            Err(missed) => missed.to_be_said(),
        };
        if now != said {
            tell(now, said);
            said = now;
        }
        let every = app.config.reconcile_every;
        let answered = said == Said::Nothing;
        let pause = if answered { every } else { AGAIN.min(every) };
        if timeout(pause, app.gap.notified()).await.is_ok() {
            sleep(SOON.min(every)).await;
        }
    }
}

impl Missed {
    fn to_be_said(&self) -> Said {
        match self {
            // That was said at the start.
            Self::Sfu(SfuError::NoKeys) => Said::Nothing,
            Self::Sfu(SfuError::Denied(_)) => Said::SfuRefuses,
            Self::Sfu(_) => Said::SfuDown,
            Self::Store(_) => Said::StoreDown,
        }
    }
}

/// Once, until it changes.
fn tell(now: Said, before: Said) {
    match now {
        Said::Nothing => tracing::info!("rooms and participants are up to date again"),
        Said::SfuDown => {
            tracing::warn!("the SFU does not answer: who is in which room may be out of date");
        }
        Said::SfuRefuses => {
            tracing::warn!("the SFU refuses our keys: who is in which room may be out of date");
        }
        // Requests say so too.
        Said::StoreDown if before == Said::Nothing => {
            tracing::info!("the store does not answer: the records of rooms may be out of date");
        }
        Said::StoreDown => {}
    }
}

async fn round(app: &App) -> Result<(), Missed> {
    let store = app.config.store.as_ref();
    // The records before the question: whoever changes one in the meantime knows better.
    let active = store.active_rooms().await;
    let asked = app.presence.moment();
    let seen = look(&app.sfu).await?;
    for (room, changes) in app.presence.reconcile(asked, &seen) {
        let audience = audience(&store.room(&room).await);
        let now = app.config.clock.now();
        app.told.changes(&room, &changes, &audience, now);
    }
    let mut records: HashMap<String, Room> = (active?.into_iter())
        .map(|room| (room.name.clone(), room))
        .collect();
    for name in seen.keys() {
        if !records.contains_key(name)
            && let Some(room) = store.room(name).await?
        {
            records.insert(name.clone(), room);
        }
    }
    app.send_stale_away(&seen, &records).await?;
    for (name, room) in records {
        let heard = |call: &Call| as_heard(call, app.presence.call(&name).as_ref());
        follow(store, room, heard).await?;
    }
    Ok(())
}

/// The call as memory has it; one that memory knows nothing of is over.
fn as_heard(call: &Call, heard: Option<&Call>) -> Option<Call> {
    let next = match heard {
        Some(heard) => heard.clone(),
        None if call.status == Status::Active => Call {
            status: Status::Ended,
            present: Vec::new(),
            gone: Vec::new(),
            ..call.clone()
        },
        None => return None,
    };
    (next != *call).then_some(next)
}
