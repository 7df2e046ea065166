//! What is done from time to time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::peer::Peer;
use super::{Link, Media, News, Role};
use crate::sfu::rooms::Who;

/// Layers are chosen this often.
pub const EVERY: Duration = Duration::from_millis(100);
/// Nobody is waited for any longer.
const LOST: Duration = Duration::from_secs(20);
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
        self.network.tick(now);
        self.mend(now);
        let links: Vec<_> = self.peers.keys().copied().collect();
        for link in links {
            self.send_waiting(link);
            self.choose_layers(link, now);
            self.give_up(link, now);
        }
    }

    pub(super) fn send_waiting(&mut self, link: Link) {
        if let Some(Peer { rtc, channels, .. }) = self.peers.get_mut(&link)
            && channels.flush(rtc)
        {
            self.written.insert(link);
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
