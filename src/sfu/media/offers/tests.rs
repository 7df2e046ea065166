//! Offers without a network.

use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::media::{Direction, MediaKind};

use super::*;
use crate::sfu::media::down::Stage;
use crate::sfu::media::forwarder::{Incoming, Picture};
use crate::sfu::media::sdp::sections;
use crate::sfu::media::track::Track;
use crate::sfu::media::{Network, Topology};
use crate::sfu::rooms::Encoding;

const ANNA: Who = Who(1);
const BERT: Who = Who(2);

/// Whether a section is open, and which track it carries.
type Open = (bool, String);

/// Bert has sections to get something in.
struct Scene {
    media: Media,
    offer: proto::SessionDescription,
}

impl Scene {
    fn new(kinds: &[MediaKind]) -> Self {
        let (network, _) = Network::start(Vec::new(), Vec::new());
        let mut media = Media::new(network, Instant::now());
        media.enter(BERT, Topology::One, Instant::now());
        let mut client = Rtc::new(Instant::now());
        let mut changes = client.sdp_api();
        for kind in kinds {
            changes.add_media(*kind, Direction::RecvOnly, None, None, None);
        }
        let (offer, _) = changes.apply().unwrap();
        let offer = description("offer", offer.to_sdp_string(), 1);
        Self { media, offer }
    }

    /// A track of this name, from Anna, is passed on to him.
    fn gets(&mut self, sid: &str, is_audio: bool) {
        let link = Link::upward(ANNA);
        let track = Track::new(link, "PA_anna".into(), is_audio);
        self.media.tracks.insert(sid.to_owned(), track);
        self.media.subscribe(BERT, sid.to_owned());
    }

    /// The media of our answer with port and track, and what we wish for beside it.
    fn offers(&mut self) -> (Vec<Open>, Option<(u32, u32)>) {
        self.media.offered(BERT, &self.offer, Instant::now());
        let (mut sent, mut wish) = (Vec::new(), None);
        while let Some(news) = self.media.news() {
            match news {
                News::Tell(_, Message::Answer(answer)) => {
                    let ports = answer.sdp.lines().filter_map(|l| l.strip_prefix("m="));
                    let open = ports.map(|media| media.split(' ').nth(1) != Some("0"));
                    let tracks = sections(&answer.sdp).into_iter().map(|s| s.track);
                    sent = open.zip(tracks).collect();
                }
                News::Tell(_, Message::MediaSectionsRequirement(more)) => {
                    wish = Some((more.num_audios, more.num_videos));
                }
                _ => {}
            }
        }
        (sent, wish)
    }
}

/// A packet of a picture.
fn picture(layer: u8) -> Incoming {
    Incoming {
        layer,
        source: 7,
        seq: 1,
        time: 0,
        at: Instant::now(),
        is_key: true,
        picture: Picture::default(),
    }
}

fn open(tracks: [&str; 2]) -> Vec<Open> {
    tracks.map(|track| (true, track.to_owned())).into()
}

#[test]
fn a_section_carries_one_track_and_is_given_up_after_it_unless_it_is_the_first() {
    let mut scene = Scene::new(&[MediaKind::Audio, MediaKind::Video]);
    scene.gets("TR_sound", true);
    scene.gets("TR_picture", false);
    assert_eq!(scene.offers(), (open(["TR_sound", "TR_picture"]), None));
    for sid in ["TR_sound", "TR_picture"] {
        scene.media.unsubscribe(BERT, sid);
    }
    scene.gets("TR_second_sound", true);
    scene.gets("TR_second_picture", false);
    let (answer, wish) = scene.offers();
    assert_eq!(answer, [(true, String::new()), (false, String::new())]);
    assert_eq!(wish, Some((3, 3)));
}

#[test]
fn a_client_is_asked_for_one_offer_for_all_that_has_changed_and_again_when_none_comes() {
    let mut scene = Scene::new(&[MediaKind::Video]);
    scene.gets("TR_first", false);
    assert_eq!(scene.offers(), (vec![(true, "TR_first".to_owned())], None));
    let start = Instant::now();
    let mut wishes = |after: u64| {
        scene.media.propose_all(start + Duration::from_secs(after));
        let news = std::iter::from_fn(|| scene.media.news());
        let wish =
            |news: &News| matches!(news, News::Tell(_, Message::MediaSectionsRequirement(_)));
        let count = news.filter(wish).count();
        scene.gets(&format!("TR_after_{after}"), false);
        count
    };
    assert_eq!([0, 1, 2, 3, 4].map(&mut wishes), [0, 1, 0, 0, 1]);
}

#[test]
fn who_announces_a_track_is_not_asked_for_the_offer_that_comes_with_it() {
    let mut scene = Scene::new(&[MediaKind::Video]);
    assert_eq!(scene.offers(), (vec![(true, String::new())], None));
    let start = Instant::now();
    let own = ToPublish {
        sid: "TR_own".into(),
        cids: vec!["camera".into()],
        of: "PA_bert".into(),
        is_audio: false,
        encoding: Encoding::default(),
    };
    scene.media.publish(BERT, own, start);
    scene.gets("TR_picture", false);
    let mut is_asked = |after: u64| {
        scene.media.propose_all(start + Duration::from_secs(after));
        scene.media.news().is_some()
    };
    assert_eq!([0, 2, 3, 4].map(&mut is_asked), [false, false, true, false]);
}

#[test]
fn a_keyframe_is_asked_for_when_its_subscriber_knows_the_track_and_not_before() {
    let mut scene = Scene::new(&[MediaKind::Video]);
    let now = Instant::now();
    let bert = scene.media.downward(BERT).unwrap();
    scene.media.peers.get_mut(&bert).unwrap().is_connected = true;
    scene.gets("TR_picture", false);
    let layer = {
        let track = scene.media.tracks.get_mut("TR_picture").unwrap();
        let layer = track.learn(7.into(), None);
        track.note(&picture(layer), 900, now);
        layer
    };
    let was_asked = |media: &mut Media, now| {
        let track = media.tracks.get_mut("TR_picture").unwrap();
        track.key_to_ask(layer, now).is_none()
    };
    scene.media.choose_layers(bert, now);
    let down = &scene.media.peers[&bert].downs["TR_picture"];
    assert_eq!((down.stage, down.target), (Stage::Waiting, Some(layer)));
    assert!(!was_asked(&mut scene.media, now));
    let then = now + Duration::from_millis(500);
    scene.offers();
    scene.media.flush(then);
    assert!(was_asked(&mut scene.media, then));
}
