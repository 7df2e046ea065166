//! What is done from time to time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;

use super::allocation::{Ask, choose};
use super::peer::Peer;
use super::{Link, Media, News, Role};
use crate::sfu::rooms::Who;

/// Layers are chosen this often.
pub const EVERY: Duration = Duration::from_millis(100);
/// Nobody is waited for any longer.
const LOST: Duration = Duration::from_secs(20);
/// Sound and messages need some of what there is.
const RESERVED: u64 = 64_000;
/// What a subscriber is measured for, at most.
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
        if now < self.next_tick {
            return;
        }
        self.next_tick = now + EVERY;
        self.ticks += 1;
        self.network.tick(now);
        let links: Vec<_> = self.peers.keys().copied().collect();
        for link in links {
            self.send_waiting(link);
            self.choose_layers(link, now);
            self.give_up(link, now);
        }
    }

    fn send_waiting(&mut self, link: Link) {
        if let Some(Peer { rtc, channels, .. }) = self.peers.get_mut(&link)
            && channels.flush(rtc)
        {
            self.written.insert(link);
        }
    }

    fn choose_layers(&mut self, link: Link, now: Instant) {
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        let mut sids = Vec::new();
        let mut asks = Vec::new();
        for (sid, down) in peer
            .downs
            .iter()
            .filter(|(_, d)| !d.is_audio && d.wanted.enabled)
        {
            let Some(track) = self.tracks.get(sid).filter(|track| !track.is_muted) else {
                continue;
            };
            sids.push(sid.clone());
            asks.push(Ask {
                rates: track.rates(now),
                best: down.wanted.quality,
                now: down.forwarder.layer(),
            });
        }
        if asks.is_empty() {
            return;
        }
        let desired: u64 = asks.iter().map(Ask::desire).sum::<u64>() + RESERVED;
        let desired = (desired + desired / 4).min(MOST);
        peer.rtc.bwe().set_desired_bitrate(Bitrate::from(desired));
        let budget = peer.estimate.saturating_sub(RESERVED);
        let mut keys = Vec::new();
        for (sid, layer) in sids.into_iter().zip(choose(budget, &asks)) {
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
        let Some(peer) = self.peers.get(&link) else {
            return;
        };
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
