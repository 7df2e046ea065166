//! What strangers may send, taken by the whole SFU but its sockets. The fuzz targets of `fuzz/` call it, and a test that
//! replays what they begin with.

use std::time::Instant;

use jiff::Timestamp;
use livekit_protocol as proto;
use livekit_protocol::signal_request::Message as Asked;
use livekit_protocol::signal_response::Message;
use prost::Message as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::sync::oneshot;

use super::command::{Command, Join};
use super::hub::Hub;
use super::media::{Media, Network, Topology};
use super::outbox::{Letters, outbox};
use super::refusals::Refusals;
use super::rooms::{JoinRefused, Who, World};
use super::signalling::hostile::{Claims, Wish, command, wish_of};
use super::signalling::{Keys, Pass};
use crate::config::Room;
use crate::context::Clock;
use crate::livekit::keys::KeyPair;

/// What a browser offers that sends a picture and a sound.
const OFFER: &str = include_str!("hostile/offer.sdp");

/// What their tokens are signed with.
const KEY: &str = "APIhostile";

/// Frames of one client, each with two bytes of length before it; nobody else may be hurt.
pub fn frames(input: &[u8]) {
    let mut scene = Scene::new();
    let stranger = scene.comes("stranger", Topology::One, Vec::new());
    let mut rest = input;
    while let Some((length, more)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(more.len());
        let (frame, more) = more.split_at(length);
        if let Some(command) = command(stranger, frame.to_vec().into()) {
            scene.does(command);
        }
        rest = more;
    }
    scene.ends(stranger);
}

/// SDP of one client. The first byte says whether it is an offer or the answer to one of ours.
pub fn sdp(input: &[u8]) {
    let Some((kind, text)) = input.split_first() else {
        return;
    };
    let description = proto::SessionDescription {
        sdp: String::from_utf8_lossy(text).into_owned(),
        ..Default::default()
    };
    let mut scene = Scene::new();
    let (topology, asked) = if kind % 2 == 0 {
        (Topology::One, Asked::Offer(description))
    } else {
        (Topology::Two, Asked::Answer(description))
    };
    let stranger = scene.comes("stranger", topology, Vec::new());
    // A second time it meets what the first one left.
    for _ in 0..2 {
        scene.does(Command::Frame(stranger, Box::new(asked.clone())));
        let track = proto::AddTrackRequest {
            cid: "camera".to_owned(),
            ..Default::default()
        };
        scene.does(Command::Frame(stranger, Box::new(Asked::AddTrack(track))));
    }
    scene.ends(stranger);
}

/// What somebody asks who wants in. The first byte says what the rest is: the query of `/rtc`, that of `/rtc/v1`, or the
/// message within that, wrapped or bare.
pub fn join(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    let Some(wish) = wish_of(*kind, rest) else {
        return;
    };
    let mut scene = Scene::new();
    if let Some(stranger) = scene.joins(wish, claims("stranger")) {
        scene.ends(stranger);
    }
}

type Answered = oneshot::Receiver<Result<Who, JoinRefused>>;

/// A room with somebody in it who sends.
struct Scene {
    hub: Hub,
    bystander: Who,
    outboxes: Vec<(Who, Letters)>,
}

impl Scene {
    fn new() -> Self {
        let (network, _) = Network::start(Vec::new(), Vec::new());
        // Ids are the same every time: what was found can name them.
        let world = World::new(Room::default(), StdRng::seed_from_u64(1));
        let hub = Hub::new(
            world,
            Media::new(network, Instant::now()),
            Refusals::new(),
            None,
            Clock::fixed(Timestamp::UNIX_EPOCH),
            String::new(),
        );
        let mut scene = Self {
            hub,
            bystander: Who(0),
            outboxes: Vec::new(),
        };
        let tracks = [
            ("camera", proto::TrackType::Video),
            ("mic", proto::TrackType::Audio),
        ];
        let mut first: Vec<_> = tracks.map(|(cid, kind)| announced(cid, kind)).into();
        first.push(Asked::Offer(proto::SessionDescription {
            sdp: OFFER.to_owned(),
            ..Default::default()
        }));
        scene.bystander = scene.comes("bystander", Topology::One, first);
        scene
    }

    fn comes(&mut self, identity: &str, topology: Topology, first: Vec<Asked>) -> Who {
        let mut wish = Wish::of_query("");
        (wish.topology, wish.first) = (topology, first);
        let who = self.joins(wish, claims(identity));
        let who = who.expect("there is room");
        self.hub.connected(who);
        self.settles();
        who
    }

    fn joins(&mut self, wish: Wish, claims: Claims) -> Option<Who> {
        let (join, letters, mut answered) = joining(wish, claims)?;
        self.does(Command::Join(Box::new(join)));
        let who = answered.try_recv().expect("an answer").ok()?;
        self.outboxes.push((who, letters));
        Some(who)
    }

    fn does(&mut self, command: Command) {
        self.hub.command(command);
        self.settles();
    }

    fn settles(&mut self) {
        self.hub.pass();
        self.hub.settle();
    }

    /// What somebody has been told by now.
    fn told(&mut self, who: Who) -> Vec<Message> {
        let outbox = self.outboxes.iter_mut().find(|(of, _)| *of == who);
        let (_, outbox) = outbox.expect("somebody who is there");
        let bytes = std::iter::from_fn(|| outbox.at_once());
        bytes
            .filter_map(|bytes| proto::SignalResponse::decode(bytes).ok()?.message)
            .collect()
    }

    /// Nobody else was hurt, and nothing is left of anybody who goes.
    fn ends(mut self, stranger: Who) {
        let _ = self.told(self.bystander);
        let ping = Asked::Ping(1);
        self.does(Command::Frame(self.bystander, Box::new(ping)));
        let told = self.told(self.bystander);
        assert!(
            told.iter()
                .any(|message| matches!(message, Message::Pong(_))),
            "the bystander gets no answer: {told:?}"
        );
        self.does(Command::Gone(stranger));
        self.does(Command::Gone(self.bystander));
        assert!(self.hub.is_idle(), "something is left behind");
    }
}

/// Somebody who wants in, where they hear what they are told, and whether they are in.
fn joining(mut wish: Wish, claims: Claims) -> Option<(Join, Letters, Answered)> {
    let (outbox, letters) = outbox();
    let (answer, answered) = oneshot::channel();
    let join = Join {
        joining: wish.joining(&claims).ok()?,
        pass: Pass::new(&keys(), claims),
        topology: wish.topology,
        first: wish.first,
        outbox,
        answer,
    };
    Some((join, letters, answered))
}

fn claims(identity: &str) -> Claims {
    let claims = json!({"iss": KEY, "sub": identity, "video": {"room": "daily", "canUpdateOwnMetadata": true}});
    serde_json::from_value(claims).unwrap_or_default()
}

fn keys() -> Keys {
    let pair = KeyPair {
        key: KEY.to_owned(),
        secret: "of a fuzzed SFU".into(),
    };
    Keys::new(&[pair], Clock::fixed(Timestamp::UNIX_EPOCH))
}

fn announced(cid: &str, kind: proto::TrackType) -> Asked {
    Asked::AddTrack(proto::AddTrackRequest {
        cid: cid.to_owned(),
        r#type: kind.into(),
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn what_the_fuzz_targets_begin_with_hurts_nobody() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let replay = |name: &str, target: fn(&[u8])| {
            let found = fs::read_dir(corpus.join(name)).unwrap();
            let inputs: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
            assert!(inputs.len() >= 10, "{name} has {} inputs", inputs.len());
            for path in inputs {
                println!("{}", path.display());
                target(&fs::read(&path).unwrap());
            }
        };
        replay("frames", frames);
        replay("sdp", sdp);
        replay("join", join);
    }

    #[test]
    fn thirty_who_come_and_go_leave_nothing_behind() {
        let mut scene = Scene::new();
        for round in 0..30 {
            let topology = [Topology::One, Topology::Two][round % 2];
            let guest = scene.comes("guest", topology, Vec::new());
            assert!(!scene.told(guest).is_empty());
            scene.does(Command::Gone(guest));
        }
        let last = scene.comes("guest", Topology::One, Vec::new());
        scene.ends(last);
    }
    #[test]
    fn who_has_hung_up_before_they_are_in_puts_nobody_out() {
        let mut scene = Scene::new();
        let there = scene.comes("stranger", Topology::One, Vec::new());
        let wish = Wish::of_query("");
        let (join, _letters, answered) = joining(wish, claims("stranger")).unwrap();
        drop(answered);
        scene.does(Command::Join(Box::new(join)));
        scene.does(Command::Frame(there, Box::new(Asked::Ping(1))));
        let told = scene.told(there);
        assert!(matches!(told.last(), Some(Message::Pong(_))), "{told:?}");
        scene.ends(there);
    }
}
