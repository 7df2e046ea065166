//! One WebRTC connection.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;
use str0m::change::SdpPendingOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::media::Mid;
use str0m::{Candidate, Rtc};

use super::budget::{self, Budget};
use super::channels::Channels;
use super::dependencies;
use super::down::Down;
use super::sdp::Section;
use crate::sfu::rooms::{Encoding, ToPublish, TrackSid};

/// An offer that is awaited comes before this, or the client is asked for it with the next change.
const UNHEARD: Duration = Duration::from_secs(3);

/// A number that str0m gives to no other extension; the client may choose another one.
const DEPENDENCIES: u8 = 12;

/// A track that comes in a section.
pub struct Sends {
    /// Shared, as each of its packets needs it.
    pub sid: Arc<str>,
    pub encoding: Encoding,
}

/// A connection and what goes over it.
pub struct Peer {
    pub rtc: Rtc,
    /// When it next wants to be looked at.
    pub wake: Instant,
    pub is_connected: bool,
    /// Since when nothing gets through.
    pub lost_since: Option<Instant>,
    pub channels: Channels,
    /// Tracks that are announced and were not yet in an offer.
    pub expected: Vec<ToPublish>,
    /// The sections of the last offer.
    pub offered: Vec<Section>,
    /// Which track comes in which section.
    pub sends: HashMap<Mid, Sends>,
    /// What is passed on to it.
    pub downs: BTreeMap<TrackSid, Down>,
    /// Our offer that is not answered yet.
    pub pending: Option<SdpPendingOffer>,
    /// Whether the client has offered.
    pub has_offered: bool,
    /// Whether there is more to be offered.
    pub has_changes: bool,
    /// Since when an offer is awaited: it was asked for, or a track was announced.
    pub awaited: Option<Instant>,
    /// Sections of tracks that are gone, to be closed with the next offer.
    pub closing: Vec<Mid>,
    /// The first section of all, once its track is gone: it carries the connection, and is not closed.
    pub spent: Option<Mid>,
    pub offers: u32,
    /// What it can take.
    pub budget: Budget,
    /// The share of packets that arrived lately, here and there.
    pub arrived: f32,
}

impl Peer {
    /// A connection that is reached at these addresses.
    pub fn new(
        crypto: &Arc<CryptoProvider>,
        certificate: Option<&DtlsCert>,
        candidates: &[Candidate],
        now: Instant,
    ) -> Self {
        let mut config = Rtc::builder()
            .set_crypto_provider(crypto.clone())
            .set_ice_lite(false)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .enable_h264(true)
            .enable_vp9(true)
            .enable_av1(true)
            .set_extension(DEPENDENCIES, dependencies::extension())
            .set_stats_interval(Some(Duration::from_secs(2)))
            .enable_bwe(Some(Bitrate::from(budget::FIRST)));
        if let Some(certificate) = certificate {
            config = config.set_dtls_cert(certificate.clone());
        }
        let mut rtc = config.build(now);
        for candidate in candidates {
            rtc.add_local_candidate(candidate.clone());
        }
        Self {
            rtc,
            wake: now,
            is_connected: false,
            lost_since: None,
            channels: Channels::default(),
            expected: Vec::new(),
            offered: Vec::new(),
            sends: HashMap::new(),
            downs: BTreeMap::new(),
            pending: None,
            has_offered: false,
            has_changes: false,
            awaited: None,
            closing: Vec::new(),
            spent: None,
            offers: 0,
            budget: Budget::new(now),
            arrived: 1.0,
        }
    }

    /// Whether it is to be asked for an offer: once, as one offer is for all that has changed until it comes.
    pub fn may_wish(&self, now: Instant) -> bool {
        // The first offer comes by itself.
        self.has_offered && self.awaited.is_none_or(|at| now >= at + UNHEARD)
    }

    /// Both sides have agreed anew: formats may have other numbers.
    pub fn agreed(&mut self) {
        for down in self.downs.values_mut() {
            down.format = None;
        }
    }

    /// Whether a section of the client's offer may carry a track that it is to get.
    pub fn is_free(&self, section: &Section) -> bool {
        let mid = Mid::from(section.mid.as_str());
        let mut downs = self.downs.values();
        section.receives
            && !section.sends
            && self.spent != Some(mid)
            && !self.closing.contains(&mid)
            && self.rtc.media(mid).is_none_or(|media| !media.stopped())
            && !downs.any(|down| down.mid == Some(mid))
    }
}
