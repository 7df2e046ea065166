//! Tracks: announced, sent, muted, gone.

use livekit_protocol as proto;
use livekit_protocol::request_response::{Reason, Request};
use livekit_protocol::signal_response::Message;
use proto::{AudioTrackFeature, TrackSource, TrackType};

use super::effect::{Encoding, ToPublish};
use super::participant::Participant;
use super::permission::may_publish;
use super::room::Room;
use super::{Effect, Effects, Who, World, limits};

impl World {
    /// Somebody is about to publish.
    pub(super) fn add_track(
        &mut self,
        who: Who,
        request: proto::AddTrackRequest,
        effects: &mut Effects,
    ) {
        // LiveKit's ids say what a track is.
        let of = match request.source() {
            TrackSource::Camera => "VC",
            TrackSource::Microphone => "AM",
            TrackSource::ScreenShare => "VS",
            TrackSource::ScreenShareAudio => "AS",
            TrackSource::Unknown => "",
        };
        let sid = self.fresh_sid("TR").replacen('_', &format!("_{of}"), 1);
        let Some(participant) = self.place(who).and_then(|room| room.people.get_mut(&who)) else {
            return;
        };
        if let Some((reason, message)) = refusal(participant, &request) {
            let answer = proto::RequestResponse {
                reason: reason.into(),
                message: message.to_owned(),
                request: Some(Request::AddTrack(request)),
                ..Default::default()
            };
            effects.push(Effect::Tell(who, Message::RequestResponse(answer)));
            return;
        }
        let cids = std::iter::once(request.cid.clone());
        let codecs = request
            .simulcast_codecs
            .iter()
            .map(|codec| codec.cid.clone());
        let to_publish = ToPublish {
            sid: sid.clone(),
            cids: cids.chain(codecs).filter(|cid| !cid.is_empty()).collect(),
            of: participant.info.sid.clone(),
            is_audio: request.r#type() == TrackType::Audio,
            encoding: encoding(&request),
        };
        let published = proto::TrackPublishedResponse {
            cid: request.cid.clone(),
            track: Some(track_info(request, sid)),
        };
        participant.announced.extend(published.track.clone());
        effects.push(Effect::Tell(who, Message::TrackPublished(published)));
        effects.push(Effect::Publish(who, to_publish));
    }

    /// The client has offered the track: the others hear of it.
    pub fn track_sent(&mut self, who: Who, sid: &str, mime: &str, effects: &mut Effects) {
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        let announced = participant
            .announced
            .extract_if(.., |track| track.sid == sid)
            .last();
        // The right to it may have gone since it was announced, and it with that.
        let Some(mut track) =
            announced.filter(|track| may_publish(participant.permission(), track.source))
        else {
            if participant.track(sid).is_none() {
                effects.push(Effect::Unpublish(sid.to_owned()));
            }
            return;
        };
        if !mime.is_empty() {
            mime.clone_into(&mut track.mime_type);
            if let Some(codec) = track.codecs.first_mut() {
                mime.clone_into(&mut codec.mime_type);
            }
        }
        let muted = track.muted;
        participant.info.tracks.push(track.clone());
        participant.touch();
        room.owners.insert(sid.to_owned(), who);
        room.announce(who, effects);
        if let Some(owner) = room.people.get(&who) {
            room.report_track("track_published", owner, track, effects);
        }
        effects.push(Effect::Mute(sid.to_owned(), muted));
        room.resubscribe_all(effects);
    }

    /// Its media has come for a moment: now the client knows it as well, and can be told what becomes of it.
    pub fn track_comes(&mut self, who: Who, sid: &str, effects: &mut Effects) {
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        if participant.track(sid).is_some() {
            participant.told.entry(sid.to_owned()).or_default();
            room.tell_publishers(&[(who, sid.to_owned())], effects);
        }
    }

    /// The client sends it no more, or may not.
    pub fn track_gone(&mut self, who: Who, sid: &str, effects: &mut Effects) {
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        let announced = participant.announced.len();
        participant.announced.retain(|track| track.sid != sid);
        if participant.announced.len() < announced {
            effects.push(Effect::Unpublish(sid.to_owned()));
        }
        let Some(at) = participant
            .info
            .tracks
            .iter()
            .position(|track| track.sid == sid)
        else {
            return;
        };
        let track = participant.info.tracks.remove(at);
        participant.told.remove(sid);
        participant.touch();
        room.forget_track(sid, effects);
        room.announce(who, effects);
        if let Some(owner) = room.people.get(&who) {
            room.report_track("track_unpublished", owner, track, effects);
        }
    }

    /// Its owner, or an admin, mutes a track.
    pub(super) fn set_muted(&mut self, who: Who, sid: &str, muted: bool, effects: &mut Effects) {
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        let Some(track) = participant.any_track(sid) else {
            return;
        };
        if track.muted != muted {
            track.muted = muted;
            participant.touch();
            effects.push(Effect::Mute(sid.to_owned(), muted));
            room.announce(who, effects);
        }
    }
}

impl Room {
    /// Nobody gets the track any more.
    pub(super) fn forget_track(&mut self, sid: &str, effects: &mut Effects) {
        self.owners.remove(sid);
        for (who, participant) in &mut self.people {
            participant.choices.remove(sid);
            participant.denied.remove(sid);
            if participant.gets.remove(sid).is_some() {
                effects.push(Effect::Unsubscribe(*who, sid.to_owned()));
            }
        }
        effects.push(Effect::Unpublish(sid.to_owned()));
    }
}

/// Why a track is not taken.
fn refusal(
    participant: &Participant,
    request: &proto::AddTrackRequest,
) -> Option<(Reason, &'static str)> {
    if !may_publish(participant.permission(), request.source) {
        return Some((Reason::NotAllowed, "does not have permission to publish"));
    }
    // Another track would be another picture of the same person.
    if participant
        .all_tracks()
        .any(|track| track.sid == request.sid)
    {
        let message = "the development SFU has no backup codecs";
        return Some((Reason::UnsupportedType, message));
    }
    if participant.all_tracks().count() >= limits::TRACKS {
        return Some((Reason::LimitExceeded, "publishes too many tracks"));
    }
    (!is_small(request)).then_some((
        Reason::LimitExceeded,
        "says too much of the track: its names or lists are too long",
    ))
}

fn is_small(request: &proto::AddTrackRequest) -> bool {
    let lists = [
        request.layers.len(),
        request.simulcast_codecs.len(),
        request.audio_features.len(),
        request.packet_trailer_features.len(),
    ];
    let texts = [&request.cid, &request.name, &request.stream];
    let layers = request
        .simulcast_codecs
        .iter()
        .all(|c| c.layers.len() <= limits::LAYERS);
    layers
        && lists.iter().all(|length| *length <= limits::LAYERS)
        && texts.iter().all(|text| text.len() <= limits::NAME)
}

#[expect(deprecated, reason = "clients say it so")]
fn encoding(request: &proto::AddTrackRequest) -> Encoding {
    let has = |feature| request.audio_features().any(|has| has == feature);
    Encoding {
        codec: codec(request).to_owned(),
        stereo: request.stereo || has(AudioTrackFeature::TfStereo),
        dtx: !request.disable_dtx && !has(AudioTrackFeature::TfNoDtx),
    }
}

/// The codec that the client wants to send pictures in; empty: it does not say.
fn codec(request: &proto::AddTrackRequest) -> &str {
    let first = request.simulcast_codecs.first();
    first.map_or("", |first| first.codec.trim_start_matches("video/"))
}

#[expect(deprecated, reason = "older clients read them")]
fn track_info(request: proto::AddTrackRequest, sid: String) -> proto::TrackInfo {
    let is_audio = request.r#type() == TrackType::Audio;
    let mime = if is_audio {
        "audio/opus".to_owned()
    } else {
        match codec(&request) {
            "" => "video/VP8".to_owned(),
            codec => format!("video/{}", codec.to_uppercase()),
        }
    };
    let layers = match request.simulcast_codecs.first() {
        Some(codec) if !codec.layers.is_empty() => codec.layers.clone(),
        _ => request.layers.clone(),
    };
    let codec = proto::SimulcastCodecInfo {
        mime_type: mime.clone(),
        cid: request.cid.clone(),
        layers: layers.clone(),
        ..Default::default()
    };
    proto::TrackInfo {
        sid,
        r#type: request.r#type,
        name: request.name,
        muted: request.muted,
        width: request.width,
        height: request.height,
        simulcast: layers.len() > 1,
        disable_dtx: request.disable_dtx,
        source: request.source,
        layers,
        mime_type: mime,
        codecs: vec![codec],
        stereo: request.stereo,
        disable_red: request.disable_red,
        encryption: request.encryption,
        stream: request.stream,
        audio_features: request.audio_features,
        backup_codec_policy: request.backup_codec_policy,
        ..Default::default()
    }
}
