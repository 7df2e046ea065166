//! `GET /api/livekit/events`: what happens in rooms, as it happens (server-sent events).
//!
//! First comes a `snapshot` of who is where, then one event for each change. Who cannot keep up is
//! told `lagged` and gets a snapshot again. Before each event, and every few seconds without one, the caller is
//! judged again: who was removed, or may no longer join the room, hears nothing more, and the stream
//! ends. So it does with the caller's session, after an hour, and at once when the server ends; clients
//! come back by themselves.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::audience::{Audience, Scope, is_admin};
use super::record::audience;
use super::streams::Permit;
use super::told::Happened;
use crate::api::App;
use crate::api::contracts::Contract;
use crate::api::contracts::urbania::Urbania;
use crate::api::contracts::urbania::openapi::{Error, LimitRefusals, Refusals};
use crate::api::envelope::{Caller, Rejection, recognise};
use crate::api::fields::check_length;
use crate::api::mint::JoinRequest;
use crate::api::policy;
use crate::api::refusal::Refusal;
use crate::auth::{self, LEEWAY};
use crate::store::Call;

/// Between two signs of life, so that no proxy takes the stream for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A caller is judged again after this time, whether or not anything happens.
const JUDGED: Duration = Duration::from_secs(5);
/// The longest life of a stream.
const LIFE: Duration = Duration::from_hours(1);
/// When to come back to a server that has no stream to spare, in seconds.
const PAUSE: u64 = 10;

/// One who listens.
struct Listener {
    app: Arc<App>,
    caller: auth::Caller,
    scope: Scope,
    told: Receiver<Arc<Happened>>,
    ending: watch::Receiver<bool>,
    until: Instant,
    judged: Instant,
    next: Next,
    _permit: Permit,
}

/// What the listener is told next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Snapshot,
    News,
}

/// A stream of events of one room, or of all rooms that concern the caller.
#[utoipa::path(
    get,
    path = "/api/livekit/events",
    operation_id = "events",
    tag = "Operation",
    security(("bearer" = [])),
    params(
        ("room" = Option<String>, Query, max_length = 256, description = "This room alone")
    ),
    responses(
        (
            status = 200,
            description = "`snapshot`, then one event for each change; `lagged` before a new snapshot",
            content_type = "text/event-stream",
            body = String
        ),
        (status = 400, description = "The name is longer than 256 bytes", body = Error),
        (status = 403, description = "Not invited", body = Error),
        (status = 404, description = "No such room", body = Error),
        Refusals,
        LimitRefusals
    )
)]
pub async fn events(
    State(app): State<Arc<App>>,
    caller: Caller<Urbania>,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection<Urbania>> {
    let caller = caller.0;
    let scope = match asked(query.as_deref()) {
        None => Scope::Mine,
        Some(room) => {
            check_length("room", &room)?;
            may_look(&app, &caller, &room).await?;
            Scope::Room(room)
        }
    };
    let permit = app.streams.permit(&caller.id);
    let permit = permit.ok_or(Refusal::TooMany(PAUSE))?;
    let listener = Listener {
        told: app.told.listen(),
        ending: app.ending.subscribe(),
        until: Instant::now() + life(caller.expires_at, app.config.clock.unix()),
        judged: Instant::now(),
        next: Next::Snapshot,
        _permit: permit,
        caller,
        scope,
        app,
    };
    let stream = Sse::new(listener.into_stream());
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((
        no_store,
        stream.keep_alive(KeepAlive::new().interval(HEARTBEAT)),
    )
        .into_response())
}

/// How long a stream lives: no longer than the caller is believed.
fn life(expires_at: Option<u64>, now: u64) -> Duration {
    let left = |end: u64| Duration::from_secs(end.saturating_add(LEEWAY).saturating_sub(now));
    expires_at.map_or(LIFE, |end| left(end).min(LIFE))
}

/// The room of the query, if it has one.
fn asked(query: Option<&str>) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(name, _)| name == "room")
        .map(|(_, room)| room.into_owned())
}

/// Whoever may join a room may look into it; admins may look into all.
async fn may_look(app: &App, caller: &auth::Caller, room: &str) -> Result<(), Refusal> {
    if is_admin(caller) {
        return Ok(());
    }
    match app.rooms.get(app.config.store.as_ref(), room).await {
        Ok(known) => {
            let request = JoinRequest::new(Contract::Urbania, caller, room);
            policy::admit(&request, &known, app.defaults.get().auto_create)
        }
        Err(_) if app.presence.is_in(room, &caller.id) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

impl Listener {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut listener| async {
            let event = listener.next().await?;
            Some((Ok(event), listener))
        })
    }

    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        if self.next == Next::Snapshot {
            if !self.is_still_allowed().await {
                return None;
            }
            self.next = Next::News;
            // What is told from here on is newer than the snapshot.
            self.told = self.told.resubscribe();
            let snapshot = self.snapshot().await;
            return Some(
                Event::default()
                    .event("snapshot")
                    .data(snapshot.to_string()),
            );
        }
        loop {
            let told = tokio::select! {
                told = self.told.recv() => Some(told),
                () = sleep_until(self.judged + JUDGED) => None,
                _ = self.ending.wait_for(|ending| *ending) => return None,
                () = sleep_until(self.until) => return None,
            };
            let Some(told) = told else {
                if self.is_still_allowed().await {
                    continue;
                }
                return None;
            };
            match told {
                Ok(happened) if !self.hears(&happened) => {}
                Ok(happened) => {
                    if !self.is_still_allowed().await {
                        return None;
                    }
                    // Perhaps with fewer roles now.
                    if self.hears(&happened) {
                        let event = Event::default().id(&happened.id).event(happened.event);
                        return Some(event.data(&happened.json));
                    }
                }
                Err(RecvError::Lagged(missed)) => {
                    self.next = Next::Snapshot;
                    let data = json!({ "missed": missed }).to_string();
                    return Some(Event::default().event("lagged").data(data));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Whether the caller is still somebody who may have this stream. While the store does not answer,
    /// who could have it before goes on, and hears of the rooms that they are in.
    async fn is_still_allowed(&mut self) -> bool {
        let Self {
            app, caller, scope, ..
        } = self;
        let judged = async {
            recognise(app, caller).await?;
            match scope {
                Scope::Room(room) => may_look(app, caller, room).await,
                Scope::Mine => Ok(()),
            }
        };
        let judged = judged.await;
        self.judged = Instant::now();
        !matches!(judged, Err(Refusal::Denied(_) | Refusal::Forbidden(_)))
    }

    fn hears(&self, happened: &Happened) -> bool {
        let id = &self.caller.id;
        let is_in =
            happened.identity.as_ref() == Some(id) || self.app.presence.is_in(&happened.room, id);
        self.scope
            .hears(&self.caller, &happened.room, &happened.audience, is_in)
    }

    /// Who is where, as far as the caller may know.
    async fn snapshot(&self) -> Value {
        let mine = self.mine().await;
        let mut rooms = Vec::new();
        for (name, call) in self.app.presence.active() {
            if self.may_know(&name, &call, &mine).await {
                let present: Vec<_> = (call.present.iter())
                    .map(|who| json!({ "identity": who.identity, "sid": who.sid }))
                    .collect();
                rooms.push(json!({ "room": name, "participants": present }));
            }
        }
        json!({ "rooms": rooms })
    }

    /// The rooms on the caller's own list; one question does for all of them.
    async fn mine(&self) -> HashSet<String> {
        if self.scope != Scope::Mine || is_admin(&self.caller) {
            return HashSet::new();
        }
        let rooms = self.app.config.store.rooms_of(&self.caller.id).await;
        let rooms = rooms.unwrap_or_default().into_iter();
        let rooms = rooms.filter(|room| !room.keeps_waiting(&self.caller.id));
        rooms.map(|room| room.name).collect()
    }

    async fn may_know(&self, room: &str, call: &Call, mine: &HashSet<String>) -> bool {
        let is_in = call.has(&self.caller.id);
        let audience = match &self.scope {
            Scope::Room(name) if name != room => return false,
            Scope::Mine if mine.contains(room) => return true,
            _ if is_admin(&self.caller) => Audience::Open,
            Scope::Mine if !is_in => return false,
            _ => audience(&self.app.config.store.room(room).await),
        };
        self.scope.hears(&self.caller, room, &audience, is_in)
    }
}
