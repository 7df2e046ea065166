//! `/rtc` and `/rtc/v1`: somebody comes in.

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, FromRef, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::leave_request::Action;
use prost::Message as _;
use tokio::sync::oneshot;

use super::join_request::Wish;
use super::listener::Place;
use super::pass::Pass;
use super::session;
use super::token::{Claims, Joiner, Keys, Refusal};
use crate::sfu::command::{Command, Handle, Join};
use crate::sfu::outbox::outbox;
use crate::sfu::refusals::Refusals;
use crate::sfu::rooms::{JoinRefused, Joining, Who, World, leave};

/// What requests are judged with, and where they go.
#[derive(Clone)]
pub struct Floor {
    pub keys: Keys,
    pub hub: Handle,
    pub refusals: Refusals,
}

impl Floor {
    /// Says no, and counts it.
    fn refuse(&self, refusal: Refusal) -> Response {
        self.refusals.count(refusal.what());
        refusal.into_response()
    }
}

impl FromRef<Floor> for Keys {
    fn from_ref(floor: &Floor) -> Self {
        floor.keys.clone()
    }
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `GET /rtc`.
pub async fn two_connections(
    State(floor): State<Floor>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    uri: Uri,
    upgrade: Upgrade,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let wish = Wish::of_query(uri.query().unwrap_or_default());
    join(floor, &headers, &uri, Ok(wish), (upgrade, place)).await
}

/// `GET /rtc/v1`.
pub async fn one_connection(
    State(floor): State<Floor>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    uri: Uri,
    upgrade: Upgrade,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let wish = Wish::of_message(uri.query().unwrap_or_default());
    join(floor, &headers, &uri, wish, (upgrade, place)).await
}

/// `GET /rtc/validate`: what clients ask when they have been refused: why?
pub async fn validate_two(State(floor): State<Floor>, headers: HeaderMap, uri: Uri) -> Response {
    let wish = Wish::of_judged_query(uri.query().unwrap_or_default());
    validate(&floor, &headers, &uri, wish).await
}

/// `GET /rtc/v1/validate`.
pub async fn validate_one(State(floor): State<Floor>, headers: HeaderMap, uri: Uri) -> Response {
    let wish = Wish::of_message(uri.query().unwrap_or_default());
    validate(&floor, &headers, &uri, wish).await
}

async fn validate(
    floor: &Floor,
    headers: &HeaderMap,
    uri: &Uri,
    wish: Result<Wish, Refusal>,
) -> Response {
    let joining = match judged(floor, headers, uri, wish) {
        Ok((joining, ..)) => joining,
        Err(refusal) => return floor.refuse(refusal),
    };
    let judge = move |world: &mut World, _, _: &mut Vec<_>| world.objection(&joining);
    match floor.hub.ask(judge).await.flatten() {
        Some(objection) => floor.refuse(objection.into()),
        None => "success".into_response(),
    }
}

/// Who comes, if they may as they wish.
fn judged(
    floor: &Floor,
    headers: &HeaderMap,
    uri: &Uri,
    wish: Result<Wish, Refusal>,
) -> Result<(Joining, Claims, Wish), Refusal> {
    let Joiner(claims) = Joiner::of(&floor.keys, headers, uri)?;
    let mut wish = wish?;
    Ok((wish.joining(&claims)?, claims, wish))
}

async fn join(
    floor: Floor,
    headers: &HeaderMap,
    uri: &Uri,
    wish: Result<Wish, Refusal>,
    (upgrade, place): (WebSocketUpgrade, Place),
) -> Response {
    let (joining, claims, wish) = match judged(&floor, headers, uri, wish) {
        Ok(judged) => judged,
        Err(refusal) => return floor.refuse(refusal),
    };
    let upgrade = upgrade
        .max_message_size(session::LONGEST)
        .max_frame_size(session::LONGEST);
    if wish.is_reconnect {
        return upgrade.on_upgrade(|socket| async move {
            begin_anew(socket).await;
            drop(place);
        });
    }
    let (outbox, letters) = outbox();
    let (answer, answered) = oneshot::channel();
    let join = Join {
        joining,
        pass: Pass::new(&floor.keys, claims),
        topology: wish.topology,
        first: wish.first,
        outbox,
        answer,
    };
    let hub = floor.hub.clone();
    let mut waiting = Waiting {
        answered,
        hub: hub.clone(),
    };
    if hub.0.send(Command::Join(Box::new(join))).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match (&mut waiting.answered).await {
        Ok(Ok(who)) => {
            let failed = hub.clone();
            upgrade
                .on_failed_upgrade(move |_| {
                    tokio::spawn(async move { failed.0.send(Command::Gone(who)).await });
                })
                .on_upgrade(move |socket| async move {
                    session::run(socket, who, hub, letters).await;
                    drop(place);
                })
        }
        Ok(Err(refused)) => floor.refuse(refused.into()),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Waits until somebody is in. Whoever is let in when nobody waits any more, as a client has hung up, goes again.
struct Waiting {
    answered: oneshot::Receiver<Result<Who, JoinRefused>>,
    hub: Handle,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // From here on the hub sees that nobody waits.
        self.answered.close();
        if let Ok(Ok(who)) = self.answered.try_recv() {
            let hub = self.hub.clone();
            tokio::spawn(async move { hub.0.send(Command::Gone(who)).await });
        }
    }
}

/// Nothing is kept of a connection that broke.
async fn begin_anew(mut socket: WebSocket) {
    let response = proto::SignalResponse {
        message: Some(leave(DisconnectReason::StateMismatch, Action::Reconnect)),
    };
    let message = Message::Binary(Bytes::from(response.encode_to_vec()));
    // A client that is gone needs no answer.
    let _ = socket.send(message).await;
    let _ = socket.send(Message::Close(None)).await;
}

impl From<JoinRefused> for Refusal {
    fn from(refused: JoinRefused) -> Self {
        match refused {
            JoinRefused::NoRoom => Self::NoRoom,
            JoinRefused::Full => Self::Full,
            JoinRefused::TooLong => Self::Unusable("metadata or attributes are too long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_is_let_in_when_nobody_waits_any_more_goes_again() {
        let (commands, mut received) = mpsc::channel(9);
        let waits = || {
            let (answer, answered) = oneshot::channel();
            let hub = Handle(commands.clone());
            (answer, Waiting { answered, hub })
        };
        let (answer, mut waiting) = waits();
        answer.send(Ok(Who(1))).unwrap();
        assert_eq!((&mut waiting.answered).await, Ok(Ok(Who(1))));
        drop(waiting);
        let (answer, waiting) = waits();
        answer.send(Ok(Who(2))).unwrap();
        drop(waiting);
        let gone = timeout(Duration::from_secs(10), received.recv()).await;
        let gone = gone.expect("word of it");
        assert!(matches!(gone, Some(Command::Gone(Who(2)))));
        let (answer, waiting) = waits();
        drop(waiting);
        assert!(answer.is_closed());
    }
}
