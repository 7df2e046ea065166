//! LiveKit's room service: what a token must grant for each method, and whom it concerns.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use livekit_protocol as proto;
use proto::data_packet::Kind;

use super::join::Floor;
use super::json::Shaped;
use super::token::{Claims, Grants};
use super::twirp::{self, Code, Failure, Form};
use crate::sfu::rooms::{
    Addressees, AdminError, DataToSend, Effect, Millis, ParticipantChange, Reliability, World,
};

type Answer<T> = Result<T, Failure>;

/// One call, with all that is known of it.
struct Call {
    floor: Floor,
    claims: Claims,
    form: Form,
    body: Bytes,
}

/// `POST /twirp/livekit.RoomService/…`.
pub async fn call(
    State(floor): State<Floor>,
    Path((service, method)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Response {
    let answered = async {
        let form = Form::of(&headers)?;
        let claims = floor
            .keys
            .of_request(&headers, &uri)
            .map_err(|e| denied(e.to_string()))?;
        let claims = claims.ok_or_else(|| denied("permissions denied"))?;
        if service != "livekit.RoomService" {
            return Err(no_method(&service, &method));
        }
        let call = Call {
            floor: floor.clone(),
            claims,
            form,
            body: twirp::whole(body).await?,
        };
        call.answer(&method).await
    };
    answered.await.unwrap_or_else(|failure: Failure| {
        if let Some(what) = failure.code.refused() {
            floor.refusals.count(what);
        }
        failure.into_response()
    })
}

impl Call {
    async fn answer(self, method: &str) -> Answer<Response> {
        match method {
            "CreateRoom" => self.create().await,
            "ListRooms" => self.list().await,
            "DeleteRoom" => self.delete().await,
            "ListParticipants" => self.participants().await,
            "GetParticipant" => self.participant().await,
            "RemoveParticipant" => self.remove().await,
            "MutePublishedTrack" => self.mute().await,
            "UpdateParticipant" => self.update().await,
            "UpdateSubscriptions" => self.subscribe().await,
            "SendData" => self.send().await,
            "UpdateRoomMetadata" => self.set_metadata().await,
            _ => Err(no_method("livekit.RoomService", method)),
        }
    }

    async fn create(self) -> Answer<Response> {
        let request: proto::CreateRoomRequest = self.read(|grants, _| grants.room_create)?;
        self.ask(move |world, now, effects| world.create_room(&request, now, effects))
            .await
    }

    async fn list(self) -> Answer<Response> {
        let request: proto::ListRoomsRequest = self.read(|grants, _| grants.room_list)?;
        self.ask(move |world, _, _| {
            let rooms = world.rooms(&request.names);
            Ok(proto::ListRoomsResponse { rooms })
        })
        .await
    }

    async fn delete(self) -> Answer<Response> {
        let request: proto::DeleteRoomRequest = self.read(|grants, _| grants.room_create)?;
        self.ask(move |world, now, effects| {
            world.delete_room(&request.room, now, effects)?;
            Ok(proto::DeleteRoomResponse {})
        })
        .await
    }

    async fn participants(self) -> Answer<Response> {
        let may = |grants: &Grants, r: &proto::ListParticipantsRequest| grants.is_admin_of(&r.room);
        let request = self.read(may)?;
        self.ask(move |world, _, _| {
            let participants = world.participants(&request.room);
            Ok(proto::ListParticipantsResponse { participants })
        })
        .await
    }

    async fn participant(self) -> Answer<Response> {
        let may = |grants: &Grants, r: &proto::RoomParticipantIdentity| grants.is_admin_of(&r.room);
        let request = self.read(may)?;
        self.ask(move |world, _, _| world.participant(&request.room, &request.identity))
            .await
    }

    async fn remove(self) -> Answer<Response> {
        let may = |grants: &Grants, r: &proto::RoomParticipantIdentity| grants.is_admin_of(&r.room);
        let request = self.read(may)?;
        self.ask(move |world, now, effects| {
            world.remove(&request.room, &request.identity, now, effects)?;
            Ok(proto::RemoveParticipantResponse {})
        })
        .await
    }

    async fn mute(self) -> Answer<Response> {
        let may = |grants: &Grants, r: &proto::MuteRoomTrackRequest| grants.is_admin_of(&r.room);
        let r = self.read(may)?;
        self.ask(move |world, _, effects| {
            let track = world.mute(&r.room, &r.identity, &r.track_sid, r.muted, effects)?;
            Ok(proto::MuteRoomTrackResponse { track })
        })
        .await
    }

    async fn update(self) -> Answer<Response> {
        let may =
            |grants: &Grants, r: &proto::UpdateParticipantRequest| grants.is_admin_of(&r.room);
        let request = self.read(may)?;
        self.ask(move |world, _, effects| {
            let change = ParticipantChange {
                name: request.name,
                metadata: request.metadata,
                attributes: request.attributes,
                permission: request.permission,
            };
            world.update(&request.room, &request.identity, change, effects)
        })
        .await
    }

    async fn subscribe(self) -> Answer<Response> {
        let may =
            |grants: &Grants, r: &proto::UpdateSubscriptionsRequest| grants.is_admin_of(&r.room);
        let request = self.read(may)?;
        self.ask(move |world, _, effects| {
            world.subscribe(&request, effects)?;
            Ok(proto::UpdateSubscriptionsResponse {})
        })
        .await
    }

    async fn send(self) -> Answer<Response> {
        let may = |grants: &Grants, r: &proto::SendDataRequest| grants.is_admin_of(&r.room);
        let request = self.read(may)?;
        self.ask(move |world, _, effects| {
            #[expect(deprecated, reason = "older servers write them")]
            let sids = request.destination_sids.clone();
            let reliability = match request.kind() {
                Kind::Reliable => Reliability::Reliable,
                Kind::Lossy => Reliability::Lossy,
            };
            let data = DataToSend {
                reliability,
                packet: proto::UserPacket {
                    payload: request.data,
                    topic: request.topic,
                    nonce: request.nonce,
                    ..Default::default()
                },
                to: Addressees {
                    identities: request.destination_identities,
                    sids,
                },
            };
            world.send(&request.room, data, effects)?;
            Ok(proto::SendDataResponse {})
        })
        .await
    }

    async fn set_metadata(self) -> Answer<Response> {
        let may =
            |grants: &Grants, r: &proto::UpdateRoomMetadataRequest| grants.is_admin_of(&r.room);
        let request = self.read(may)?;
        self.ask(move |world, _, effects| {
            world.set_metadata(&request.room, request.metadata, effects)
        })
        .await
    }

    /// The request, if the token allows it.
    fn read<T>(&self, may: impl FnOnce(&Grants, &T) -> bool) -> Answer<T>
    where
        T: prost::Message + Default + serde::de::DeserializeOwned,
    {
        let request = self.form.read(&self.body)?;
        if may(&self.claims.video, &request) {
            Ok(request)
        } else {
            Err(denied("permissions denied"))
        }
    }

    async fn ask<T>(
        self,
        question: impl FnOnce(&mut World, Millis, &mut Vec<Effect>) -> Result<T, AdminError>
        + Send
        + 'static,
    ) -> Answer<Response>
    where
        T: prost::Message + Shaped + Send + 'static,
    {
        let answer = self.floor.hub.ask(question).await;
        let answer =
            answer.ok_or_else(|| Failure::new(Code::Unavailable, "the SFU is about to end"))?;
        Ok(self.form.write(&answer?))
    }
}

impl Grants {
    /// Whether they may do everything in a room.
    fn is_admin_of(&self, room: &str) -> bool {
        self.room_admin && self.room == room
    }
}

impl From<AdminError> for Failure {
    fn from(e: AdminError) -> Self {
        let code = match e {
            AdminError::NoRoom | AdminError::NoParticipant => Code::NotFound,
            AdminError::Refused(_) | AdminError::LongMessage(_) => Code::InvalidArgument,
            AdminError::NotHere(_) => Code::FailedPrecondition,
        };
        Self::new(code, e.to_string())
    }
}

fn denied(message: impl Into<String>) -> Failure {
    Failure::new(Code::Unauthenticated, message)
}

/// What LiveKit has and is not here is told from what nobody has.
fn no_method(service: &str, method: &str) -> Failure {
    let lacking = match (service, method) {
        ("livekit.Egress", _) => "egress",
        ("livekit.Ingress", _) => "ingress",
        ("livekit.SIP", _) => "SIP",
        ("livekit.AgentDispatchService", _) => "agents",
        ("livekit.RoomService", "ForwardParticipant" | "MoveParticipant" | "PerformRpc") => method,
        _ => return no_handler(service, method),
    };
    let message = format!("the development SFU has no {lacking}");
    Failure::new(Code::Unimplemented, message)
}

fn no_handler(service: &str, method: &str) -> Failure {
    Failure::new(
        Code::BadRoute,
        format!("no handler for path \"/twirp/{service}/{method}\""),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_livekits_and_not_here_is_told_from_what_nobody_has() {
        let told = |service: &str, method: &str| {
            let failure = no_method(service, method);
            (failure.code, failure.message)
        };
        let lacks = |what: &str| {
            let message = format!("the development SFU has no {what}");
            (Code::Unimplemented, message)
        };
        assert_eq!(told("livekit.Egress", "ListEgress"), lacks("egress"));
        assert_eq!(told("livekit.Ingress", "ListIngress"), lacks("ingress"));
        assert_eq!(told("livekit.SIP", "ListSIPTrunk"), lacks("SIP"));
        assert_eq!(
            told("livekit.AgentDispatchService", "CreateDispatch"),
            lacks("agents")
        );
        let rooms = "livekit.RoomService";
        assert_eq!(told(rooms, "MoveParticipant"), lacks("MoveParticipant"));
        assert_eq!(told(rooms, "Dance").0, Code::BadRoute);
        assert_eq!(told("livekit.Dance", "ListRooms").0, Code::BadRoute);
    }

    #[test]
    fn a_message_that_is_too_long_is_an_argument_that_cannot_be() {
        let failure = Failure::from(AdminError::LongMessage(64_001));
        assert_eq!(failure.code, Code::InvalidArgument);
        assert!(failure.message.contains("64001"), "{}", failure.message);
    }
}
