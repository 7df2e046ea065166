//! Connections come and go, and what comes over the network finds its own.

use std::time::{Duration, Instant};

use livekit_protocol as proto;
use prost::Message as _;
use str0m::net::Protocol;
use str0m::{Input, Output};

use super::homes::Source;
use super::network::Packet;
use super::peer::Peer;
use super::{Arrival, Link, Media, News, Role, Topology};
use crate::sfu::rooms::{Reliability, Who};

impl Media {
    /// Somebody has come. Where we offer, we do so at once: the client waits for it.
    pub fn enter(&mut self, who: Who, topology: Topology, now: Instant) {
        self.members.insert(who, topology);
        let mut roles = vec![Role::Publisher];
        if topology == Topology::Two {
            roles.push(Role::Subscriber);
        }
        for role in roles {
            let certificate = (**self.certificate).as_ref();
            let mut peer = Peer::new(&self.crypto, certificate, self.network.candidates(), now);
            peer.has_changes = role == Role::Subscriber;
            self.peers.insert(Link { who, role }, peer);
        }
    }

    /// Somebody is gone.
    pub fn part(&mut self, who: Who) {
        self.members.remove(&who);
        for role in [Role::Publisher, Role::Subscriber] {
            self.forget(Link { who, role });
        }
    }

    pub(super) fn forget(&mut self, link: Link) {
        self.peers.remove(&link);
        self.written.remove(&link);
        self.unsettled.remove(&link);
        self.brakes.remove(&link);
        for source in self.homes.forget(link) {
            self.network.close(source);
        }
        self.tracks.retain(|_, track| track.link != link);
        for track in self.tracks.values_mut() {
            track.subscribers.remove(&link);
        }
    }

    /// A track is no more.
    pub fn unpublish(&mut self, sid: &str) {
        self.tracks.remove(sid);
        for peer in self.peers.values_mut() {
            // The section stays ours until the client closes it: nobody else's track is in it.
            peer.sends.retain(|_, of| *of.sid != *sid);
            peer.expected.retain(|track| track.sid != sid);
        }
    }

    /// Nothing of a track is passed on, or it is again.
    pub fn mute(&mut self, sid: &str, is_muted: bool) {
        if let Some(track) = self.tracks.get_mut(sid) {
            track.is_muted = is_muted;
            self.unsettled.extend(&track.subscribers);
        }
    }

    /// Sends data to some. Who sends it waits for whoever has too much of it waiting.
    pub fn send(
        &mut self,
        from: Option<Who>,
        to: &[Who],
        reliability: Reliability,
        packet: &proto::DataPacket,
    ) {
        let sender = from.map(Link::upward);
        let message = packet.encode_to_vec();
        for who in to {
            let Some(link) = self.downward(*who) else {
                continue;
            };
            if let Some(Peer { rtc, channels, .. }) = self.peers.get_mut(&link) {
                if channels.send(rtc, reliability, &message).is_err() {
                    self.news
                        .push_back(News::Failed(*who, "it does not take its data"));
                }
                if let Some(sender) = sender.filter(|_| channels.is_full()) {
                    self.brakes.entry(sender).or_default().pull(link);
                }
                self.written.insert(link);
            }
        }
    }

    /// Something has come over the network.
    pub fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Packet(packet) => self.received(packet),
            Arrival::Opened(from, to) => self.network.opened(from, to, Instant::now()),
            Arrival::Closed(from) => {
                let source = (Protocol::Tcp, from);
                self.network.close(source);
                self.homes.remove(source);
            }
        }
    }

    fn received(&mut self, packet: Packet) {
        let Some(input) = packet.input(packet.at) else {
            return;
        };
        let Some(link) = self.home_of((packet.protocol, packet.from), &input) else {
            return;
        };
        let Some(brake) = self.brakes.get_mut(&link) else {
            self.take(link, input, packet.at);
            return;
        };
        if let Some(packet) = brake.hold(packet)
            && let Some(input) = packet.input(packet.at)
        {
            self.take(link, input, packet.at);
        }
    }

    /// Takes what was kept of those who are not too fast any more.
    pub(super) fn release(&mut self, now: Instant) {
        let peers = &self.peers;
        let is_behind = |link: &Link| peers.get(link).is_some_and(|peer| peer.channels.is_full());
        let over: Vec<_> = (self.brakes)
            .extract_if(|_, brake| brake.is_over(is_behind))
            .collect();
        for (link, brake) in over {
            for packet in brake.release() {
                if let Some(input) = packet.input(now) {
                    self.take(link, input, now);
                }
            }
        }
    }

    /// The connection that a packet is for.
    fn home_of(&mut self, source: Source, input: &Input<'_>) -> Option<Link> {
        let home = self.homes.get(source);
        let known = home.filter(|home| self.peers.get(home).is_some_and(|p| p.rtc.accepts(input)));
        let found = known.or_else(|| {
            let mut peers = self.peers.iter();
            Some(*peers.find(|(_, peer)| peer.rtc.accepts(input))?.0)
        });
        let link = found?;
        if home != Some(link) {
            if let Some(oldest) = self.homes.insert(source, link) {
                self.network.close(oldest);
            }
            self.network.known(source.1);
        }
        Some(link)
    }

    fn take(&mut self, link: Link, input: Input<'_>, now: Instant) {
        if let Some(peer) = self.peers.get_mut(&link)
            && let Err(e) = peer.rtc.handle_input(input)
        {
            tracing::debug!("a connection breaks: {e}");
            self.news
                .push_back(News::Failed(link.who, "its connection broke"));
            return;
        }
        self.drive(link, now);
    }

    /// Does all that a connection has to be done.
    pub(super) fn drive(&mut self, link: Link, now: Instant) {
        while let Some(peer) = self.peers.get_mut(&link) {
            match peer.rtc.poll_output() {
                Ok(Output::Timeout(wake)) => {
                    peer.wake = wake;
                    return;
                }
                Ok(Output::Transmit(packet)) => self.network.send(&packet),
                Ok(Output::Event(event)) => self.happened(link, event, now),
                Err(e) => {
                    tracing::debug!("a connection breaks: {e}");
                    peer.wake = now + Duration::from_hours(1);
                    self.news
                        .push_back(News::Failed(link.who, "its connection broke"));
                    return;
                }
            }
        }
    }

    /// Gives layers to those for whom something has changed, and sends out what was written.
    pub fn flush(&mut self, now: Instant) {
        while let Some(link) = self.unsettled.pop_first() {
            self.choose_layers(link, now);
        }
        while let Some(link) = self.written.pop_first() {
            self.wake(link, now);
        }
    }

    /// Lets a connection know the time.
    pub(super) fn wake(&mut self, link: Link, now: Instant) {
        if let Some(peer) = self.peers.get_mut(&link)
            && let Err(e) = peer.rtc.handle_input(Input::Timeout(now))
        {
            tracing::debug!("a connection breaks: {e}");
            self.news
                .push_back(News::Failed(link.who, "its connection broke"));
        }
        self.drive(link, now);
    }
}
