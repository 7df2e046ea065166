//! How the floor above reaches the [`Hub`](super::hub::Hub): commands, and where the answers go.

use livekit_protocol::signal_request::Message as Asked;
use tokio::sync::{mpsc, oneshot};

use super::media::Topology;
use super::outbox::Outbox;
use super::rooms::{Effect, JoinRefused, Joining, Millis, Who, World};
use super::signalling::Pass;

/// Something to be done by the hub.
pub enum Command {
    /// Somebody wants in.
    Join(Box<Join>),
    /// Somebody asks.
    Frame(Who, Box<Asked>),
    /// Somebody sent what is no request.
    Nonsense(Who, &'static str),
    /// Somebody's signalling has ended.
    Gone(Who),
    /// Something about the rooms.
    Ask(Question),
}

/// What is asked of the rooms, or done to them.
type Question = Box<dyn FnOnce(&mut World, Millis, &mut Vec<Effect>) + Send>;

/// Somebody who wants in.
pub struct Join {
    /// Who, and where.
    pub joining: Joining,
    /// What their next token is made of.
    pub pass: Option<Pass>,
    /// How they are to be connected.
    pub topology: Topology,
    /// What their client said at once.
    pub first: Vec<Asked>,
    /// Where what they are told goes.
    pub outbox: Outbox,
    /// Whether they are in.
    pub answer: oneshot::Sender<Result<Who, JoinRefused>>,
}

/// How the floor above reaches the hub.
#[derive(Clone)]
pub struct Handle(pub mpsc::Sender<Command>);

impl Handle {
    /// Asks something about the rooms; nothing comes back when the hub has ended.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut World, Millis, &mut Vec<Effect>) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Ask(Box::new(move |world, now, effects| {
            // Whoever asked may have gone.
            let _ = answer.send(question(world, now, effects));
        }));
        self.0.send(command).await.ok()?;
        answered.await.ok()
    }
}
