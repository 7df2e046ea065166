//! What both sides agree on, in SDP.

mod accept;
mod propose;

use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use str0m::media::Mid;

use super::peer::Peer;
use super::{Link, Media, News, Role};
use crate::sfu::rooms::{ToPublish, Who};

impl Media {
    /// Somebody is about to send a track.
    pub fn publish(&mut self, who: Who, track: ToPublish) {
        let link = Link {
            who,
            role: Role::Publisher,
        };
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.expected.push(track);
            self.match_sections(link);
        }
    }

    /// Finds the sections of the last offer that announced tracks come in.
    fn match_sections(&mut self, link: Link) {
        let Some(peer) = self.peers.get_mut(&link) else {
            return;
        };
        let mut found = Vec::new();
        for section in peer.offered.iter().filter(|section| section.sends) {
            let mid = Mid::from(section.mid.as_str());
            if peer.sends.contains_key(&mid) || peer.rtc.media(mid).is_none() {
                continue;
            }
            let is_it = |track: &ToPublish| track.cids.contains(&section.track);
            let Some(at) = peer.expected.iter().position(is_it) else {
                continue;
            };
            let track = peer.expected.remove(at);
            peer.sends.insert(mid, track.sid.clone());
            found.push((mime(peer, mid), track));
        }
        for (mime, track) in found {
            let made = super::track::Track::new(link, track.of, track.is_audio);
            self.tracks.insert(track.sid.clone(), made);
            self.news.push_back(News::Sent(link.who, track.sid, mime));
        }
    }

    fn tell(&mut self, who: Who, message: Message) {
        self.news.push_back(News::Tell(who, message));
    }
}

/// The format that the client sends first.
fn mime(peer: &Peer, mid: Mid) -> &'static str {
    use str0m::format::Codec;
    let Some(media) = peer.rtc.media(mid) else {
        return "";
    };
    let first = media.remote_pts().first().copied();
    let config = peer.rtc.codec_config();
    match config
        .find(|params| Some(params.pt()) == first)
        .map(|params| params.spec().codec)
    {
        Some(Codec::Opus) => "audio/opus",
        Some(Codec::Vp8) => "video/VP8",
        Some(Codec::H264) => "video/H264",
        Some(Codec::Vp9) => "video/VP9",
        Some(Codec::Av1) => "video/AV1",
        _ => "",
    }
}

fn description(kind: &str, sdp: String, id: u32) -> proto::SessionDescription {
    proto::SessionDescription {
        r#type: kind.to_owned(),
        sdp,
        id,
        ..Default::default()
    }
}
