//! Which layers a connection gets, by what is wanted on it and what it carries.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use str0m::bwe::Bitrate;

use super::allocation::{Ask, choose, missing};
use super::down::{Down, Stage};
use super::peer::Peer;
use super::track::Track;
use super::{Link, Media};
use crate::sfu::rooms::TrackSid;

/// Sound and messages need some of what there is.
const RESERVED: u64 = 64_000;
/// What a subscriber is measured for: at least this, as what is measured with less is taken for all that there is.
const LEAST: u64 = 3_000_000;
/// And at most this.
const MOST: u64 = 20_000_000;

impl Media {
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
            // Who does not know yet what comes could do nothing with it.
            if let Some(target) = down.target
                && down.stage == Stage::Ready
                && down.forwarder.layer() != Some(target)
            {
                keys.push((sid, target));
            }
        }
        for (sid, layer) in keys {
            self.ask_for_key(&sid, layer, now);
        }
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
