//! What both sides agree on, in SDP.

mod accept;
mod propose;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use str0m::RtcError;
use str0m::format::Codec;
use str0m::media::Mid;

use super::peer::{Peer, Sends};
use super::sdp::{Ours, Section};
use super::track::Track;
use super::{Link, Media, News};
use crate::sfu::rooms::{ToPublish, Who};

impl Media {
    /// Somebody is about to send a track: unless it was offered already, their next offer comes by itself.
    pub fn publish(&mut self, who: Who, track: ToPublish, now: Instant) {
        let link = Link::upward(who);
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.expected.push(track);
            let news = self.match_sections(link, by_name);
            self.news.extend(news);
        }
        if let Some(peer) = self.peers.get_mut(&link)
            && !peer.expected.is_empty()
        {
            peer.awaited = Some(now);
        }
    }

    /// Finds the sections of the last offer that announced tracks come in.
    fn match_sections(
        &mut self,
        link: Link,
        find: fn(&Peer, &Section) -> Option<usize>,
    ) -> Vec<News> {
        let Some(peer) = self.peers.get_mut(&link) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for section in peer.offered.iter().filter(|section| section.sends) {
            let mid = Mid::from(section.mid.as_str());
            if peer.sends.contains_key(&mid) || peer.rtc.media(mid).is_none() {
                continue;
            }
            let Some(at) = find(peer, section) else {
                continue;
            };
            let track = peer.expected.remove(at);
            let sends = Sends {
                sid: track.sid.as_str().into(),
                encoding: track.encoding.clone(),
            };
            peer.sends.insert(mid, sends);
            found.push((mime(peer, mid, &track.encoding.codec), track));
        }
        let mut sent = |(mime, track): (_, ToPublish)| {
            let mut made = Track::new(link, track.of, track.is_audio);
            made.encoding = track.encoding;
            self.tracks.insert(track.sid.clone(), made);
            News::Sent(link.who, track.sid, mime)
        };
        found.into_iter().map(&mut sent).collect()
    }

    fn tell(&mut self, who: Who, message: Message) {
        self.news.push_back(News::Tell(who, message));
    }
}

/// Has str0m take up a description. Where it comes to what it holds for impossible (one payload type for two formats), it
/// panics: that is to be the end of one connection, which must not be used any more, and not of everybody's.
fn outlive<T>(take_up: impl FnOnce() -> Result<T, RtcError>) -> Result<T, String> {
    // A fuzzer's own hook would end the process.
    #[cfg(fuzzing)]
    drop(std::panic::take_hook());
    match catch_unwind(AssertUnwindSafe(take_up)) {
        Ok(taken) => taken.map_err(|e| e.to_string()),
        Err(_) => Err("it breaks the connection".to_owned()),
    }
}

/// The announced track that a section has the name of.
fn by_name(peer: &Peer, section: &Section) -> Option<usize> {
    let mut expected = peer.expected.iter();
    expected.position(|track| track.cids.contains(&section.track))
}

/// The same; else the first one of its kind that no section has the name of. Firefox names tracks anew in an offer, and a
/// sender keeps the name of its first track.
fn by_name_or_kind(peer: &Peer, section: &Section) -> Option<usize> {
    let has_a_section =
        |track: &ToPublish| (peer.offered.iter()).any(|s| track.cids.contains(&s.track));
    let of_kind = |track: &ToPublish| track.is_audio == section.is_audio && !has_a_section(track);
    by_name(peer, section).or_else(|| peer.expected.iter().position(of_kind))
}

/// What the client sends: the codec that it wants to, or the first of ours that it offers.
fn mime(peer: &Peer, mid: Mid, wanted: &str) -> &'static str {
    let formats = peer
        .rtc
        .media(mid)
        .map_or(&[][..], |media| media.remote_pts());
    let params = peer.rtc.codec_config().params().iter();
    let offered = params.filter(|params| formats.contains(&params.pt()));
    let mut mimes = offered.map(|params| mime_of(params.spec().codec));
    let is_wanted = |mime: &&str| {
        let codec = mime.strip_prefix("video/");
        codec.is_some_and(|codec| codec.eq_ignore_ascii_case(wanted))
    };
    let first = mimes.clone().next();
    mimes.find(is_wanted).or(first).unwrap_or_default()
}

fn mime_of(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus => "audio/opus",
        Codec::Vp8 => "video/VP8",
        Codec::H264 => "video/H264",
        Codec::Vp9 => "video/VP9",
        Codec::Av1 => "video/AV1",
        _ => "",
    }
}

/// What we say of the sections: which tracks go out in them, and how we want those that come.
fn ours(peer: &Peer) -> Vec<Ours> {
    let downs = peer.downs.iter().filter_map(|(sid, down)| {
        Some(Ours {
            mid: down.mid?.to_string(),
            sends: Some((format!("{}|{sid}", down.of), sid.clone())),
            encoding: down.encoding.clone(),
        })
    });
    let sends = peer.sends.iter().map(|(mid, sends)| Ours {
        mid: mid.to_string(),
        sends: None,
        encoding: sends.encoding.clone(),
    });
    downs.chain(sends).collect()
}

fn description(kind: &str, sdp: String, id: u32) -> proto::SessionDescription {
    proto::SessionDescription {
        r#type: kind.to_owned(),
        sdp,
        id,
        ..Default::default()
    }
}
