//! The addresses that an SFU offers, and what came back from them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::ice::{StunMessage, TransId};

use super::report::{Answer, Tried};

/// More addresses of an SFU are not tried.
pub const MOST: usize = 16;

/// The addresses.
#[derive(Default)]
pub struct Candidates {
    known: Vec<Known>,
    asked: HashMap<TransId, (SocketAddr, Instant)>,
    round_trips: HashMap<SocketAddr, Duration>,
}

struct Known {
    address: SocketAddr,
    kind: String,
    /// Which of ours reaches it.
    from: Option<SocketAddr>,
    refused: Option<String>,
}

impl Candidates {
    /// Adds an address; `false` if there is nothing to be tried.
    pub fn add(&mut self, address: SocketAddr, kind: String) -> bool {
        if self.known.len() >= MOST || self.known.iter().any(|c| c.address == address) {
            return false;
        }
        self.known.push(Known {
            address,
            kind,
            from: None,
            refused: None,
        });
        true
    }

    /// `remote` is reached from `local`.
    pub fn reached_from(&mut self, remote: SocketAddr, local: SocketAddr) {
        if let Some(known) = self.get(remote) {
            known.from = Some(local);
        }
    }

    /// Nothing can be sent to `remote`.
    pub fn refused(&mut self, remote: SocketAddr, why: String) {
        if let Some(known) = self.get(remote) {
            known.refused = Some(why);
        }
    }

    fn get(&mut self, address: SocketAddr) -> Option<&mut Known> {
        self.known.iter_mut().find(|c| c.address == address)
    }

    /// Each address is tried from the one of ours that the kernel would choose, and from no other.
    pub fn may_send(&self, from: SocketAddr, to: SocketAddr) -> bool {
        let known = self.known.iter().find(|c| c.address == to);
        known.is_none_or(|known| known.from == Some(from))
    }

    /// Takes note of a question on its way.
    pub fn asked(&mut self, to: SocketAddr, stun: &StunMessage<'_>, now: Instant) {
        self.asked.insert(stun.trans_id(), (to, now));
    }

    /// Takes note of an answer.
    pub fn answered(&mut self, stun: &StunMessage<'_>, now: Instant) {
        if let Some((asked, at)) = self.asked.remove(&stun.trans_id()) {
            let round_trip = now.saturating_duration_since(at);
            let best = self.round_trips.entry(asked).or_insert(round_trip);
            *best = round_trip.min(*best);
        }
    }

    /// The quickest answer of an address, which need not be one that the SFU offered.
    pub fn round_trip(&self, address: SocketAddr) -> Option<Duration> {
        self.round_trips.get(&address).copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether one has answered.
    pub fn any_answered(&self) -> bool {
        self.known.iter().any(|c| self.has_answered(c))
    }

    /// Whether one may answer yet.
    pub fn any_silent(&self) -> bool {
        let is_silent = |c: &Known| c.refused.is_none() && !self.has_answered(c);
        self.known.iter().any(is_silent)
    }

    fn has_answered(&self, known: &Known) -> bool {
        self.round_trips.contains_key(&known.address)
    }

    /// What came of each.
    pub fn tried(self) -> Vec<Tried> {
        let answer = |known: &Known| match (self.round_trip(known.address), &known.refused) {
            (Some(after), _) => Answer::After(after),
            (None, Some(why)) => Answer::Refused(why.clone()),
            (None, None) => Answer::Silent,
        };
        let tried = self.known.iter().map(|known| Tried {
            address: known.address,
            kind: known.kind.clone(),
            answer: answer(known),
        });
        tried.collect()
    }
}
