//! What a client asks of the room. What it says about its connections is for the floor below.

use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::request_response::{Reason, Request};
use livekit_protocol::signal_request::Message as Asked;
use livekit_protocol::signal_response::Message;

use super::participant::Audience;
use super::{Effect, Effects, Millis, Who, World, limits};

impl World {
    /// Does what somebody asks.
    pub fn request(&mut self, who: Who, asked: Asked, now: Millis, effects: &mut Effects) {
        match asked {
            Asked::AddTrack(request) => self.add_track(who, request, effects),
            Asked::Mute(mute) => self.set_muted(who, &mute.sid, mute.muted, effects),
            Asked::Subscription(update) => self.choose(who, &update, effects),
            Asked::TrackSetting(settings) => self.settle(who, &settings, effects),
            Asked::SubscriptionPermission(permission) => {
                self.set_audience(who, permission, effects);
            }
            Asked::UpdateMetadata(update) => self.update_own(who, &update, effects),
            Asked::UpdateAudioTrack(update) => self.update_audio(who, &update, effects),
            Asked::UpdateVideoTrack(update) => self.update_video(who, &update, effects),
            Asked::Leave(_) => self.leave(who, DisconnectReason::ClientInitiated, now, effects),
            Asked::Simulate(simulate) => self.simulate(who, simulate.scenario, now, effects),
            Asked::Ping(_) => effects.push(Effect::Tell(who, Message::Pong(now))),
            Asked::PingReq(ping) => {
                effects.push(Effect::Tell(who, Message::Pong(now)));
                let answer = proto::Pong {
                    last_ping_timestamp: ping.timestamp,
                    timestamp: now,
                };
                effects.push(Effect::Tell(who, Message::PongResp(answer)));
            }
            // What is left needs an answer of LiveKit's newest or none at all.
            _ => {}
        }
    }

    /// Who may have what somebody publishes.
    fn set_audience(
        &mut self,
        who: Who,
        permission: proto::SubscriptionPermission,
        effects: &mut Effects,
    ) {
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        let named = permission
            .track_permissions
            .iter()
            .map(|p| p.track_sids.len());
        let most = permission.track_permissions.len().max(named.sum());
        participant.audience = if permission.all_participants {
            Audience::Everybody
        } else if most > limits::CHOICES {
            // Whoever names so many does not mean everybody.
            Audience::Only(Vec::new())
        } else {
            Audience::Only(permission.track_permissions)
        };
        room.resubscribe_all(effects);
    }

    fn update_own(
        &mut self,
        who: Who,
        update: &proto::UpdateParticipantMetadata,
        effects: &mut Effects,
    ) {
        let request_id = update.request_id;
        let answer = |reason: Reason, message: &str| {
            Message::RequestResponse(proto::RequestResponse {
                request_id,
                reason: reason.into(),
                message: message.to_owned(),
                request: Some(Request::UpdateMetadata(update.clone())),
            })
        };
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        if !participant.permission().can_update_metadata {
            let message = "does not have permission to update own metadata";
            effects.push(Effect::Tell(who, answer(Reason::NotAllowed, message)));
            return;
        }
        let attributes = update.attributes.clone();
        let said = participant.describe(&update.name, &update.metadata, attributes);
        if let Err(no) = said {
            let answer = answer(Reason::LimitExceeded, &no.to_string());
            effects.push(Effect::Tell(who, answer));
            return;
        }
        effects.push(Effect::Tell(who, answer(Reason::Ok, "")));
        participant.renew(who, effects);
        room.announce(who, effects);
    }

    fn update_audio(
        &mut self,
        who: Who,
        update: &proto::UpdateLocalAudioTrack,
        effects: &mut Effects,
    ) {
        self.change_track(who, &update.track_sid, effects, |track| {
            track.audio_features.clone_from(&update.features);
            track.audio_features.truncate(limits::LAYERS);
        });
    }

    fn update_video(
        &mut self,
        who: Who,
        update: &proto::UpdateLocalVideoTrack,
        effects: &mut Effects,
    ) {
        self.change_track(who, &update.track_sid, effects, |track| {
            (track.width, track.height) = (update.width, update.height);
        });
    }

    fn change_track(
        &mut self,
        who: Who,
        sid: &str,
        effects: &mut Effects,
        change: impl FnOnce(&mut proto::TrackInfo),
    ) {
        let Some(room) = self.place(who) else { return };
        let Some(participant) = room.people.get_mut(&who) else {
            return;
        };
        if let Some(track) = participant.any_track(sid) {
            change(track);
            participant.touch();
            room.announce(who, effects);
        }
    }
}
