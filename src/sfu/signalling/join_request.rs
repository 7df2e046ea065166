//! How a client says what it wants: in the query, or in a message inside it.

use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use livekit_protocol as proto;
use livekit_protocol::signal_request::Message as Asked;
use prost::Message as _;
use proto::wrapped_join_request::Compression;

use super::token::{Claims, Refusal};
use crate::sfu::media::Topology;
use crate::sfu::rooms::{Grant, Joining};

/// A request is not longer, unpacked.
const LONGEST: u64 = 1024 * 1024;
/// Tracks that come with it.
const TRACKS: usize = 32;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a client wants.
#[derive(Debug)]
pub struct Wish {
    pub topology: Topology,
    /// Whether it wants to go on with a connection that broke.
    pub is_reconnect: bool,
    auto_subscribe: bool,
    client_protocol: i32,
    /// What it says at once.
    pub first: Vec<Asked>,
    metadata: String,
    attributes: std::collections::HashMap<String, String>,
}

impl Wish {
    /// From the query of `/rtc`.
    pub fn of_query(query: &str) -> Self {
        let get = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            Some(pairs.find(|(key, _)| key == name)?.1.into_owned())
        };
        let is_on = |name: &str| get(name).map(|value| value == "1" || value == "true");
        Self {
            topology: Topology::Two,
            is_reconnect: is_on("reconnect").unwrap_or(false),
            auto_subscribe: is_on("auto_subscribe").unwrap_or(true),
            client_protocol: get("client_protocol")
                .and_then(|n| n.parse().ok())
                .unwrap_or(0),
            first: Vec::new(),
            metadata: String::new(),
            attributes: std::collections::HashMap::new(),
        }
    }

    /// From the query of `/rtc/v1`.
    pub fn of_message(query: &str) -> Result<Self, Refusal> {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (_, wrapped) = pairs
            .find(|(key, _)| key == "join_request")
            .ok_or(Refusal::Unusable("join_request is required"))?;
        let request = unwrap(&wrapped).ok_or(Refusal::Unusable("cannot read join_request"))?;
        let settings = request.connection_settings;
        let info = request.client_info.unwrap_or_default();
        let tracks = request.add_track_requests.into_iter().take(TRACKS);
        let mut first: Vec<_> = tracks.map(Asked::AddTrack).collect();
        first.extend(request.publisher_offer.map(Asked::Offer));
        Ok(Self {
            topology: Topology::One,
            is_reconnect: request.reconnect,
            auto_subscribe: settings.is_none_or(|settings| settings.auto_subscribe),
            client_protocol: info.client_protocol,
            first,
            metadata: request.metadata,
            attributes: request.participant_attributes,
        })
    }

    /// Who comes in, and how.
    pub fn joining(&mut self, claims: &Claims) -> Joining {
        let Claims {
            identity,
            name,
            metadata,
            attributes,
            video,
            room_config: room,
            kind,
            ..
        } = claims.clone();
        let room = room.unwrap_or_default();
        let may_update = video.can_update_own_metadata.unwrap_or(false);
        let mut joining = Joining {
            making: proto::CreateRoomRequest {
                empty_timeout: room.empty_timeout,
                departure_timeout: room.departure_timeout,
                max_participants: room.max_participants,
                metadata: room.metadata,
                ..Default::default()
            },
            room: video.room,
            identity,
            name,
            metadata,
            attributes,
            grant: Grant {
                can_publish: video.can_publish,
                can_subscribe: video.can_subscribe,
                can_publish_data: video.can_publish_data,
                sources: video.can_publish_sources,
                can_update_metadata: may_update,
                hidden: video.hidden,
                recorder: video.recorder,
                agent: video.agent,
            },
            kind,
            auto_subscribe: self.auto_subscribe,
            client_protocol: self.client_protocol,
        };
        // The same right that it takes to change them later.
        if may_update {
            if !self.metadata.is_empty() {
                joining.metadata = std::mem::take(&mut self.metadata);
            }
            joining
                .attributes
                .extend(std::mem::take(&mut self.attributes));
        }
        joining
    }
}

/// A wish out of any bytes: the first form is the query of `/rtc`, the second that of `/rtc/v1`, the others are its
/// message, wrapped and bare.
#[cfg(any(test, fuzzing))]
pub fn hostile(form: u8, bytes: &[u8]) -> Option<Wish> {
    let query = |message: &[u8]| format!("join_request={}", BASE64.encode(message));
    match form % 4 {
        0 => Some(Wish::of_query(&String::from_utf8_lossy(bytes))),
        1 => Wish::of_message(&String::from_utf8_lossy(bytes)).ok(),
        2 => Wish::of_message(&query(bytes)).ok(),
        _ => {
            let wrapped = proto::WrappedJoinRequest {
                compression: Compression::None.into(),
                join_request: bytes.to_vec(),
            };
            Wish::of_message(&query(&wrapped.encode_to_vec())).ok()
        }
    }
}

fn unwrap(text: &str) -> Option<proto::JoinRequest> {
    let bytes = BASE64.decode(text).ok()?;
    let wrapped = proto::WrappedJoinRequest::decode(bytes.as_slice()).ok()?;
    let request = match wrapped.compression() {
        Compression::None => wrapped.join_request,
        Compression::Gzip => gunzip(&wrapped.join_request)?,
    };
    proto::JoinRequest::decode(request.as_slice()).ok()
}

/// Nothing, where it would be longer than anything sensible.
fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let reader = flate2::read::GzDecoder::new(bytes);
    let length = reader.take(LONGEST + 1).read_to_end(&mut unpacked).ok()?;
    (length as u64 <= LONGEST).then_some(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn wrapped(request: &proto::JoinRequest, compression: Compression) -> String {
        let mut bytes = request.encode_to_vec();
        if compression == Compression::Gzip {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&bytes).unwrap();
            bytes = encoder.finish().unwrap();
        }
        let wrapped = proto::WrappedJoinRequest {
            compression: compression.into(),
            join_request: bytes,
        };
        format!("join_request={}", BASE64.encode(wrapped.encode_to_vec()))
    }

    fn request(sdp: String) -> proto::JoinRequest {
        proto::JoinRequest {
            publisher_offer: Some(proto::SessionDescription {
                sdp,
                ..Default::default()
            }),
            add_track_requests: vec![proto::AddTrackRequest::default()],
            ..Default::default()
        }
    }

    #[test]
    fn what_is_said_at_once_comes_out_in_its_order() {
        for compression in [Compression::None, Compression::Gzip] {
            let query = wrapped(&request("v=0".into()), compression);
            let wish = Wish::of_message(&query).unwrap();
            assert!(matches!(
                wish.first[..],
                [Asked::AddTrack(_), Asked::Offer(_)]
            ));
        }
    }

    #[test]
    fn what_is_no_request_or_too_long_a_one_is_refused() {
        let bomb = wrapped(&request("0".repeat(2 * 1024 * 1024)), Compression::Gzip);
        assert!(bomb.len() < 100_000);
        for query in [
            "",
            "join_request=",
            "join_request=!",
            "join_request=AAAA",
            &bomb,
        ] {
            let refused = Wish::of_message(query);
            // Nothing at all is a request that says nothing.
            assert!(refused.is_err() || query == "join_request=", "{query}");
        }
    }

    #[test]
    fn a_query_that_says_nothing_wants_everything() {
        let wish = Wish::of_query("");
        assert!(wish.auto_subscribe && !wish.is_reconnect);
        let wish = Wish::of_query("auto_subscribe=0&reconnect=1");
        assert!(!wish.auto_subscribe && wish.is_reconnect);
    }
}
