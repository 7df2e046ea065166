//! One WebRTC connection to the SFU, as a value: no socket, no clock.
//!
//! Only a data channel is offered, and no address of ours: the SFU learns it from the packet that reaches one of
//! its own. So what comes to stand, stands on an address that the SFU offers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::crypto::from_feature_flags;
use str0m::ice::StunMessage;
use str0m::net::{Protocol, Receive, TcpType, Transmit};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcError};

use super::candidates::Candidates;
use super::report::{Failure, Path, Transport, Won};

/// The name of LiveKit's channel for messages that must arrive.
const CHANNEL: &str = "_reliable";

/// After this time without another address the SFU has named them all.
const QUIET: Duration = Duration::from_millis(200);

/// How long the first address is waited for.
const FIRST: Duration = Duration::from_secs(1);

/// How long, once media has a way, the other addresses have to answer.
const OTHERS: Duration = Duration::from_millis(500);

/// Addresses that do not answer for so long are out of reach.
const SILENCE: Duration = Duration::from_millis(1500);

/// When time is up, so much silence tells enough: an address has been asked three times by then.
const ENOUGH: Duration = Duration::from_millis(750);

/// The connection.
pub struct Call {
    transport: Transport,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    offered: Instant,
    /// When the SFU last named something new.
    news: Option<Instant>,
    /// Whether it has said that there is no more.
    complete: bool,
    candidates: Candidates,
    /// Where what is not ICE was last sent, from and to.
    pair: Option<(SocketAddr, SocketAddr)>,
    stage: Stage,
    failure: Option<Failure>,
}

/// How far the connection has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Addresses are being tried.
    Checking,
    /// One of them is chosen.
    Reached,
    /// Keys are agreed upon.
    Secured,
    /// Data can be sent.
    Open(Instant),
}

/// What is to be done next.
pub enum Step {
    /// Send this.
    Send {
        /// One of our addresses.
        from: SocketAddr,
        /// Where to.
        to: SocketAddr,
        /// What.
        packet: Vec<u8>,
    },
    /// Wait for news, until then at most.
    Wait(Instant),
}

impl Call {
    /// A connection to be offered with this SDP.
    pub fn offer(transport: Transport, now: Instant) -> Result<(Self, String), Failure> {
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::new(from_feature_flags()))
            .clear_codecs()
            .build(now);
        let mut changes = rtc.sdp_api();
        changes.add_channel(CHANNEL.to_owned());
        // There is a change, so there is an offer.
        let (offer, pending) = changes.apply().ok_or(Failure::NoChannel)?;
        let call = Self {
            transport,
            rtc,
            pending: Some(pending),
            offered: now,
            news: None,
            complete: false,
            candidates: Candidates::default(),
            pair: None,
            stage: Stage::Checking,
            failure: None,
        };
        Ok((call, offer.to_sdp_string()))
    }

    /// Takes the SFU's answer; gives the addresses in it that are to be tried.
    pub fn answered(&mut self, sdp: &str, now: Instant) -> Result<Vec<SocketAddr>, Failure> {
        // A second answer is to an offer that we did not make.
        let Some(pending) = self.pending.take() else {
            return Ok(Vec::new());
        };
        let bad = |e: &dyn ToString| Failure::BadAnswer(e.to_string());
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|e| bad(&e))?;
        let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
        accepted.map_err(|e| bad(&e))?;
        self.news = Some(now);
        let lines = sdp.lines().filter_map(|line| line.strip_prefix("a="));
        let lines = lines.filter(|line| line.starts_with("candidate:"));
        Ok(lines.filter_map(|line| self.candidate(line, now)).collect())
    }

    /// Takes an address that the SFU names, in SDP; gives it if it is new and to be tried.
    pub fn candidate(&mut self, line: &str, now: Instant) -> Option<SocketAddr> {
        let candidate = Candidate::from_sdp_string(line).ok()?;
        let (address, kind) = (candidate.addr(), candidate.kind().to_string());
        let is_ours = candidate.proto() == self.transport.protocol();
        if !is_ours || !self.candidates.add(address, kind) {
            return None;
        }
        self.news = Some(now);
        self.rtc.add_remote_candidate(candidate);
        Some(address)
    }

    /// The SFU has named all its addresses.
    pub fn last_candidate(&mut self, now: Instant) {
        self.news = Some(now);
        self.complete = true;
    }

    /// `remote` is reached from `local`.
    pub fn ready(&mut self, remote: SocketAddr, local: SocketAddr) {
        let candidate = match self.transport {
            Transport::Udp => Candidate::builder().udp().host(local).build(),
            Transport::Tcp => Candidate::builder()
                .tcp()
                .host(local)
                .tcptype(TcpType::Active)
                .build(),
        };
        match candidate {
            Ok(candidate) => {
                self.candidates.reached_from(remote, local);
                // Nothing comes back when it was added before.
                let _ = self.rtc.add_local_candidate(candidate);
            }
            Err(e) => self.candidates.refused(remote, e.to_string()),
        }
    }

    /// Nothing can be sent to `remote`.
    pub fn refused(&mut self, remote: SocketAddr, why: &io::Error) {
        self.candidates.refused(remote, why.to_string());
    }

    /// Takes a packet.
    pub fn received(&mut self, from: SocketAddr, to: SocketAddr, packet: &[u8], now: Instant) {
        let Ok(input) = Receive::new(self.transport.protocol(), from, to, packet) else {
            return;
        };
        let input = Input::Receive(now, input);
        if !self.rtc.accepts(&input) {
            return;
        }
        if let Ok(stun) = StunMessage::parse(packet)
            && stun.is_successful_binding_response()
        {
            self.candidates.answered(&stun, now);
        }
        let taken = self.rtc.handle_input(input);
        self.note(taken);
    }

    /// Time passes.
    pub fn pass(&mut self, now: Instant) {
        let taken = self.rtc.handle_input(Input::Timeout(now));
        self.note(taken);
    }

    fn note(&mut self, taken: Result<(), RtcError>) {
        if let Err(e) = taken {
            self.failure.get_or_insert_with(|| broken(&e));
        }
    }

    /// What is to be done next.
    pub fn step(&mut self, now: Instant) -> Result<Step, Failure> {
        loop {
            if let Some(failure) = &self.failure {
                return Err(failure.clone());
            }
            match self.rtc.poll_output().map_err(|e| broken(&e))? {
                Output::Timeout(wake) => return Ok(Step::Wait(wake)),
                Output::Event(event) => self.happened(&event, now),
                Output::Transmit(packet) => {
                    if let Some(step) = self.outgoing(packet, now) {
                        return Ok(step);
                    }
                }
            }
        }
    }

    fn happened(&mut self, event: &Event, now: Instant) {
        let stage = match event {
            Event::IceConnectionStateChange(
                IceConnectionState::Connected | IceConnectionState::Completed,
            ) => Stage::Reached,
            Event::Connected => Stage::Secured,
            Event::ChannelOpen(..) => Stage::Open(now),
            _ => return,
        };
        self.stage = self.stage.max(stage);
    }

    fn outgoing(&mut self, packet: Transmit, now: Instant) -> Option<Step> {
        let (from, to) = (packet.source, packet.destination);
        if !self.candidates.may_send(from, to) {
            return None;
        }
        match StunMessage::parse(&packet.contents) {
            Ok(stun) if stun.is_binding_request() => self.candidates.asked(to, &stun, now),
            Ok(_) => {}
            Err(_) => self.pair = Some((from, to)),
        }
        let packet = packet.contents.into();
        Some(Step::Send { from, to, packet })
    }

    /// Whether data can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    /// When there will be nothing more to wait for; `None`: only when time is up.
    pub fn ends(&self) -> Option<Instant> {
        let news = self.news?;
        let named = if self.complete { news } else { news + QUIET };
        let waits = self.candidates.any_silent();
        match self.stage {
            Stage::Open(_) if !waits => Some(named),
            Stage::Open(at) => Some(named.max(at + OTHERS)),
            _ if self.candidates.any_answered() => None,
            _ if self.candidates.is_empty() && self.complete => Some(news),
            _ if self.candidates.is_empty() => Some(news + FIRST),
            _ if waits => Some(news + SILENCE),
            _ => Some(named),
        }
    }

    /// There is no use in going on.
    pub fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// Time is up. Silence tells nothing yet of what was asked only just now.
    pub fn interrupt(&mut self, now: Instant) {
        if !self.is_open() && self.news.unwrap_or(self.offered) + ENOUGH > now {
            self.fail(Failure::Late);
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Path {
        self.rtc.disconnect();
        Path {
            outcome: self.outcome(),
            tried: self.candidates.tried(),
        }
    }

    fn outcome(&self) -> Result<Won, Failure> {
        if let (Stage::Open(at), Some((local, remote))) = (self.stage, self.pair) {
            return Ok(Won {
                local,
                remote,
                round_trip: self.candidates.round_trip(remote),
                after: at.saturating_duration_since(self.offered),
            });
        }
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        Err(match self.stage {
            Stage::Secured | Stage::Open(_) => Failure::NoChannel,
            Stage::Reached => Failure::Dtls("no answer in time".to_owned()),
            Stage::Checking if self.news.is_none() => Failure::NoAnswer,
            Stage::Checking if self.candidates.is_empty() => Failure::NoCandidates,
            Stage::Checking => Failure::Unreachable,
        })
    }
}

impl Transport {
    fn protocol(self) -> Protocol {
        match self {
            Self::Udp => Protocol::Udp,
            Self::Tcp => Protocol::Tcp,
        }
    }
}

/// What comes later than the choice of an address is DTLS, or in it.
fn broken(error: &RtcError) -> Failure {
    Failure::Dtls(error.to_string())
}

impl Path {
    /// Nothing was tried.
    pub(super) fn failed(failure: Failure) -> Self {
        Self {
            tried: Vec::new(),
            outcome: Err(failure),
        }
    }
}

#[cfg(test)]
mod tests;
