//! Mishaps that a client asks for, to see what it makes of them.

use livekit_protocol::DisconnectReason;
use livekit_protocol::leave_request::Action;
use livekit_protocol::simulate_scenario::Scenario;

use super::{Effects, Millis, Who, World};

impl World {
    /// Lets somebody have a mishap.
    pub(super) fn simulate(
        &mut self,
        who: Who,
        scenario: Option<Scenario>,
        now: Millis,
        effects: &mut Effects,
    ) {
        if let Some((why, farewell)) = scenario.and_then(ending) {
            self.end(who, why, farewell, now, effects);
        } else if let Some((room, identity)) = self.called(who) {
            tracing::warn!("`{identity}` in `{room}` asks for a simulation in vain: {scenario:?}");
        }
    }
}

/// How it ends for whoever asks for it: as what, and with which word. Resuming is not among it: here nobody resumes.
fn ending(scenario: Scenario) -> Option<(DisconnectReason, Option<Action>)> {
    match scenario {
        Scenario::ServerLeave(true) => {
            Some((DisconnectReason::ServerShutdown, Some(Action::Disconnect)))
        }
        Scenario::NodeFailure(true) => Some((DisconnectReason::ServerShutdown, None)),
        Scenario::Migration(true) => Some((DisconnectReason::Migration, None)),
        Scenario::LeaveRequestFullReconnect(true) => {
            Some((DisconnectReason::StateMismatch, Some(Action::Reconnect)))
        }
        _ => None,
    }
}
