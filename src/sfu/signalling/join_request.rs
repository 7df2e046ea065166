//! How a client says what it wants: in the query, or in a message inside it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use livekit_protocol as proto;
use livekit_protocol::signal_request::Message as Asked;
use prost::Message as _;
use proto::wrapped_join_request::Compression;

use super::token::{Claims, Refusal};
use crate::livekit::token::LONGEST_NAME;
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
    attributes: Attributes,
    /// What such a connection is for that is one more of somebody who is there, and gets nothing.
    publish: String,
}

type Attributes = HashMap<String, String>;

impl Wish {
    fn new(topology: Topology) -> Self {
        Self {
            topology,
            is_reconnect: false,
            auto_subscribe: true,
            client_protocol: 0,
            first: Vec::new(),
            metadata: String::new(),
            attributes: Attributes::new(),
            publish: String::new(),
        }
    }

    /// From the query of `/rtc`. Attributes that cannot be read are none, unless it is to be judged.
    pub fn of_query(query: &str) -> Self {
        let is_on = |name: &str| Some(matches!(&*get(query, name)?, "1" | "true"));
        Self {
            is_reconnect: is_on("reconnect").unwrap_or(false),
            auto_subscribe: is_on("auto_subscribe").unwrap_or(true),
            client_protocol: get(query, "client_protocol")
                .and_then(|n| n.parse().ok())
                .unwrap_or(0),
            attributes: attributes(query).unwrap_or_default(),
            publish: get(query, "publish").unwrap_or_default().into_owned(),
            ..Self::new(Topology::Two)
        }
    }

    /// The same, to be judged.
    pub fn of_judged_query(query: &str) -> Result<Self, Refusal> {
        let unreadable = Refusal::Unusable("cannot decode attributes");
        attributes(query).ok_or(unreadable)?;
        Ok(Self::of_query(query))
    }

    /// From the query of `/rtc/v1`.
    pub fn of_message(query: &str) -> Result<Self, Refusal> {
        let wrapped =
            get(query, "join_request").ok_or(Refusal::Unusable("join_request is required"))?;
        let request = unwrap(&wrapped).ok_or(Refusal::Unusable("cannot read join_request"))?;
        let settings = request.connection_settings;
        let info = request.client_info.unwrap_or_default();
        let tracks = request.add_track_requests.into_iter().take(TRACKS);
        let mut first: Vec<_> = tracks.map(Asked::AddTrack).collect();
        first.extend(request.publisher_offer.map(Asked::Offer));
        Ok(Self {
            is_reconnect: request.reconnect,
            auto_subscribe: settings.is_none_or(|settings| settings.auto_subscribe),
            client_protocol: info.client_protocol,
            first,
            metadata: request.metadata,
            attributes: request.participant_attributes,
            ..Self::new(Topology::One)
        })
    }

    /// Who comes in, and how. It takes the right to change what is said of them to say it at once, as it does later.
    pub fn joining(&mut self, claims: &Claims) -> Result<Joining, Refusal> {
        let Claims {
            mut identity,
            name,
            mut metadata,
            mut attributes,
            mut video,
            room_config: room,
            kind,
            ..
        } = claims.clone();
        let room = room.unwrap_or_default();
        let may_update = video.can_update_own_metadata.unwrap_or(false);
        let says_more = !self.metadata.is_empty() || !self.attributes.is_empty();
        if says_more && !may_update {
            return Err(Refusal::NotGranted);
        }
        if !self.metadata.is_empty() {
            metadata = std::mem::take(&mut self.metadata);
        }
        let said = std::mem::take(&mut self.attributes);
        attributes.extend(said.into_iter().filter(|(_, value)| !value.is_empty()));
        if !self.publish.is_empty() {
            if video.can_publish == Some(false) {
                return Err(Refusal::NotGranted);
            }
            video.can_subscribe = Some(false);
            identity = format!("{identity}#{}", self.publish);
            if identity.len() > LONGEST_NAME {
                return Err(Refusal::Unusable("`publish` is too long"));
            }
        }
        Ok(Joining {
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
        })
    }
}

fn get<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    Some(pairs.find(|(key, _)| key == name)?.1)
}

/// Attributes in a query; nothing, if they cannot be read.
fn attributes(query: &str) -> Option<Attributes> {
    match get(query, "attributes") {
        Some(text) if !text.is_empty() => {
            serde_json::from_slice(&BASE64.decode(text.as_bytes()).ok()?).ok()
        }
        _ => Some(Attributes::new()),
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

    fn claims(video: &serde_json::Value) -> Claims {
        let claims = serde_json::json!({"sub": "anna", "video": video, "metadata": "m", "attributes": {"a": "1"}});
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn what_is_said_of_oneself_in_coming_takes_the_right_to_change_it() {
        let encoded = |json: &str| format!("attributes={}", BASE64.encode(json));
        let metadata = proto::JoinRequest {
            metadata: "new".into(),
            ..Default::default()
        };
        let metadata = wrapped(&metadata, Compression::None);
        let joins = |query: &str, video: serde_json::Value| {
            let wish = Wish::of_message(query).or_else(|_| Wish::of_judged_query(query));
            wish.and_then(|mut wish| wish.joining(&claims(&video)))
        };
        let none = serde_json::json!({});
        for query in [&encoded(r#"{"b": "2"}"#), &metadata] {
            let refused = joins(query, none.clone()).unwrap_err();
            assert_eq!(refused, Refusal::NotGranted, "{query}");
        }
        let may = serde_json::json!({"canUpdateOwnMetadata": true});
        assert_eq!(joins(&metadata, may.clone()).unwrap().metadata, "new");
        let query = encoded(r#"{"a": "", "b": "2"}"#);
        let joining = joins(&query, may.clone()).unwrap();
        let expected = [("a", "1"), ("b", "2")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(joining.attributes, HashMap::from(expected));
        assert_eq!(joins("", none).unwrap().metadata, "m");
        let unreadable = joins("attributes=!", may);
        assert_eq!(
            unreadable.unwrap_err().to_string(),
            "cannot decode attributes"
        );
        assert!(Wish::of_query("attributes=!").attributes.is_empty());
    }

    #[test]
    fn one_more_connection_of_somebody_only_publishes() {
        let joins = |video| Wish::of_query("publish=screen").joining(&claims(&video));
        let joining = joins(serde_json::json!({})).unwrap();
        assert_eq!(
            (&*joining.identity, joining.grant.can_subscribe),
            ("anna#screen", Some(false))
        );
        let mute = joins(serde_json::json!({"canPublish": false}));
        assert_eq!(mute.unwrap_err(), Refusal::NotGranted);
    }

    #[test]
    fn a_query_that_says_nothing_wants_everything() {
        let wish = Wish::of_query("");
        assert!(wish.auto_subscribe && !wish.is_reconnect);
        let wish = Wish::of_query("auto_subscribe=0&reconnect=1");
        assert!(!wish.auto_subscribe && wish.is_reconnect);
    }
}
