//! What is done from time to time.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;

use super::allocation::{Ask, choose, missing};
use super::down::Down;
use super::peer::Peer;
use super::track::Track;
use super::{Link, Media, News, Role};
use crate::sfu::rooms::{TrackSid, Who};

/// Layers are chosen this often.
pub const EVERY: Duration = Duration::from_millis(100);
/// Nobody is waited for any longer.
const LOST: Duration = Duration::from_secs(20);
/// Sound and messages need some of what there is.
const RESERVED: u64 = 64_000;
/// What a subscriber is measured for: at least this, as what is measured with less is taken for all that there is.
const LEAST: u64 = 3_000_000;
/// And at most this.
const MOST: u64 = 20_000_000;

impl Media {
    /// When to look again, at the latest.
    pub fn next_wake(&self) -> Instant {
        let wakes = self.peers.values().map(|peer| peer.wake);
        wakes
            .min()
            .map_or(self.next_tick, |wake| wake.min(self.next_tick))
    }

    /// Time has passed.
    pub fn pass(&mut self, now: Instant) {
        let due: Vec<_> = (self.peers.iter())
            .filter(|(_, peer)| peer.wake <= now)
            .map(|(link, _)| *link)
            .collect();
        for link in due {
            self.wake(link, now);
        }
        self.release(now);
        if now < self.next_tick {
            return;
        }
        self.next_tick = now + EVERY;
        self.ticks += 1;
        self.network.tick(now);
        self.mend(now);
        let links: Vec<_> = self.peers.keys().copied().collect();
        for link in links {
            self.send_waiting(link);
            self.choose_layers(link, now);
            self.give_up(link, now);
        }
    }

    /// Asks for pictures that stand alone where somebody gets a layer that has lost something.
    fn mend(&mut self, now: Instant) {
        let mut keys = Vec::new();
        for (sid, track) in self.tracks.iter_mut().filter(|(_, track)| !track.is_audio) {
            let broken = track.broken(now);
            let broken = (0..3u8).zip(broken).filter(|(_, is_broken)| *is_broken);
            for (layer, _) in broken {
                let gets = |link: &Link| {
                    let down = self.peers.get(link).and_then(|peer| peer.downs.get(sid));
                    down.is_some_and(|down| down.forwarder.layer() == Some(layer))
                };
                if track.subscribers.iter().any(gets) {
                    keys.push((sid.clone(), layer));
                }
            }
        }
        for (sid, layer) in keys {
            self.ask_for_key(&sid, layer, now);
        }
    }

    pub(super) fn send_waiting(&mut self, link: Link) {
        if let Some(Peer { rtc, channels, .. }) = self.peers.get_mut(&link)
            && channels.flush(rtc)
        {
            self.written.insert(link);
        }
    }

    /// Gives a connection the layers that it carries, and asks for pictures that they begin with.
    pub(super) fn choose_layers(&mut self, link: Link, now: Instant) {
        let Some(peer) = self.peers.get_mut(&link).filter(|peer| peer.is_connected) else {
            return;
        };
        let (sids, asks) = asked(&peer.downs, &self.tracks, now);
        if asks.is_empty() {
            return;
        }
        let chosen = spend(peer, &asks, now);
        let mut keys = Vec::new();
        for (sid, layer) in sids.into_iter().zip(chosen) {
            let Some(down) = peer.downs.get_mut(&sid) else {
                continue;
            };
            // Where nothing comes, what was chosen stays: it may come again.
            down.target = layer.or(down.target);
            if let Some(target) = down.target
                && down.forwarder.layer() != Some(target)
            {
                keys.push((sid, target));
            }
        }
        for (sid, layer) in keys {
            self.ask_for_key(&sid, layer, now);
        }
    }

    fn give_up(&mut self, link: Link, now: Instant) {
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        if peer.channels.is_stuck(now) {
            self.news
                .push_back(News::Failed(link.who, "it does not take its data"));
        }
        if peer.lost_since.is_some_and(|since| now >= since + LOST) {
            self.news
                .push_back(News::Failed(link.who, "nothing gets through to it"));
        }
    }

    /// How loud everybody was since this was last asked.
    pub fn loudness(&mut self) -> BTreeMap<Who, f32> {
        let mut levels = BTreeMap::new();
        for track in self.tracks.values_mut().filter(|track| track.is_audio) {
            let level = track.take_loudness();
            if !track.is_muted {
                let loudest = levels.entry(track.owner()).or_insert(0.0f32);
                *loudest = loudest.max(level);
            }
        }
        levels
    }

    /// How well everybody is connected, from 0 to 1.
    pub fn qualities(&self) -> BTreeMap<Who, f32> {
        let mut qualities = BTreeMap::new();
        for (Link { who, role }, peer) in &self.peers {
            // A connection that is not used need not stand.
            if !peer.is_connected && *role == Role::Publisher {
                continue;
            }
            let quality = if peer.lost_since.is_some() {
                0.0
            } else {
                peer.arrived
            };
            let worst = qualities.entry(*who).or_insert(1.0f32);
            *worst = worst.min(quality);
        }
        qualities
    }
}

/// The pictures that somebody wants now.
fn asked(
    downs: &BTreeMap<TrackSid, Down>,
    tracks: &HashMap<TrackSid, Track>,
    now: Instant,
) -> (Vec<TrackSid>, Vec<Ask>) {
    let wanted = downs
        .iter()
        .filter(|(_, down)| !down.is_audio && down.wanted.enabled);
    let asks = wanted.filter_map(|(sid, down)| {
        let track = tracks.get(sid).filter(|track| !track.is_muted)?;
        let ask = Ask {
            rates: track.rates(now),
            best: down.wanted.quality,
            now: down.forwarder.layer(),
        };
        Some((sid.clone(), ask))
    });
    asks.unzip()
}

/// The layers that a connection carries, or may carry: what is to be tried is.
fn spend(peer: &mut Peer, asks: &[Ask], now: Instant) -> Vec<Option<u8>> {
    let most = asks.iter().map(Ask::most).sum::<u64>() + RESERVED;
    let desired = (most + most / 4).clamp(LEAST, MOST);
    peer.rtc.bwe().set_desired_bitrate(Bitrate::from(desired));
    let budget = peer.budget.bits(now).saturating_sub(RESERVED);
    let chosen = choose(budget, asks);
    let missing = missing(budget, asks, &chosen).map(|bits| bits + RESERVED);
    let Some(bits) = peer.budget.try_more(missing, now) else {
        return chosen;
    };
    peer.rtc.bwe().reset(Bitrate::from(bits));
    choose(bits.saturating_sub(RESERVED), asks)
}
