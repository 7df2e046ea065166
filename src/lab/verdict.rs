//! Whether one sees and hears another, and if not, why: decided from what was measured and nothing else.

mod reason;

use std::collections::BTreeMap;

use super::cast::Member;
use super::measure::longest_gap;
use super::record::{Joined, View};
use super::scenario::Media;
use super::told::{Camera, Microphone, Received, Stream, Told};
pub use reason::Reason;

/// A picture or tone that is older than this at the end has stopped.
const STOPPED_MS: f64 = 2_500.0;

/// A picture that stands still for longer has broken the call for whoever looks at it, although it goes on later. What is lost
/// on the way is repaired within a second or two, on a busy machine as well; a connection that is begun anew takes about as long.
const LONGEST_GAP_MS: f64 = 5_000.0;

/// Everything about one participant that a verdict needs.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// Who it is.
    pub member: &'a Member,
    /// How joining went, where it was tried.
    pub joined: Option<&'a Joined>,
    /// What its page told last.
    pub told: Option<&'a Told>,
}

/// One who sends, one who receives, and what arrived.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Who sends.
    pub from: Party<'a>,
    /// Who sees and hears.
    pub to: Party<'a>,
    /// What arrived.
    pub view: Option<&'a View>,
    /// Everybody's numbers and tones.
    pub members: &'a [Member],
    /// How long the call was watched.
    pub seconds: u32,
    /// Whether the scenario lets pictures go on from the beginning to the end.
    pub goes_on: bool,
}

/// Whether one sees the other's picture: the right one, until the end.
pub fn sees(pair: &Pair<'_>) -> Result<(), Reason> {
    let received = arrives(pair, Media::Camera)?;
    let camera = received.camera.unwrap_or_default();
    stream(pair, Media::Camera, &camera.stream)?;
    let (from, to) = pair.names();
    if camera.decoded == 0.0 {
        let why = if camera.keyframes == 0.0 {
            format!("no keyframe in {} s", pair.seconds)
        } else {
            "the decoder makes no picture of them".to_owned()
        };
        return Err(Reason::NotDecoded { from, to, why });
    }
    picture(pair, &camera)
}

fn picture(pair: &Pair<'_>, camera: &Camera) -> Result<(), Reason> {
    let (from, to) = pair.names();
    let Some(most) = most_frequent(&camera.read) else {
        let count = camera.unread;
        return Err(if count > 0.0 {
            Reason::Unreadable { from, to, count }
        } else {
            Reason::NotShown { from, to }
        });
    };
    if most != pair.from.member.number {
        let other = pair.who(|member| member.number == most);
        return Err(Reason::OtherPicture { from, to, other });
    }
    undecoded(pair)?;
    stopped(pair, Media::Camera, camera.last_at)?;
    stood_still(pair, camera)
}

/// Packets still come, and for a while they have made no picture.
fn undecoded(pair: &Pair<'_>) -> Result<(), Reason> {
    let Some(waiting) = pair.view.map(|view| view.waiting) else {
        return Ok(());
    };
    let ago = |at: f64| pair.end() - at;
    let since = ago(waiting.decoded_at);
    // Who was watched too shortly has not told of a picture that came.
    if waiting.decoded_at == 0.0 || since <= STOPPED_MS || ago(waiting.packets_at) > STOPPED_MS {
        return Ok(());
    }
    let (from, to) = pair.names();
    let since = since / 1000.0;
    let asked = waiting.plis;
    let why = if asked > 0.0 {
        format!("no keyframe in the last {since:.1} s, asked for {asked} times")
    } else {
        format!("the decoder makes no picture of what came in the last {since:.1} s")
    };
    Err(Reason::NotDecoded { from, to, why })
}

fn stood_still(pair: &Pair<'_>, camera: &Camera) -> Result<(), Reason> {
    let view = pair.view.filter(|_| pair.goes_on);
    let gap = view.map_or(0.0, |view| longest_gap(camera, view, pair.end()));
    if gap <= LONGEST_GAP_MS {
        return Ok(());
    }
    let (from, to) = pair.names();
    let gap = gap / 1000.0;
    Err(Reason::StoodStill { from, to, gap })
}

/// Whether one hears the other's tone: the right one, until the end.
pub fn hears(pair: &Pair<'_>) -> Result<(), Reason> {
    let received = arrives(pair, Media::Microphone)?;
    let microphone = received.microphone.unwrap_or_default();
    stream(pair, Media::Microphone, &microphone.stream)?;
    tone(pair, &microphone)
}

fn tone(pair: &Pair<'_>, microphone: &Microphone) -> Result<(), Reason> {
    let (from, to) = pair.names();
    let heard = pair
        .view
        .map(|view| (most_frequent(&view.tones), view.last_tone));
    let Some((Some(most), last)) = heard else {
        return Err(if microphone.power > 0.0 {
            Reason::NoTone { from, to }
        } else {
            Reason::Silent { from, to }
        });
    };
    if most != pair.from.member.hertz {
        let other = pair.who(|member| member.hertz == most);
        return Err(Reason::OtherTone { from, to, other });
    }
    stopped(pair, Media::Microphone, last.map(|(at, _)| at))
}

/// What both media have in common up to the stream that is received.
fn arrives(pair: &Pair<'_>, media: Media) -> Result<Received, Reason> {
    let (from, to) = pair.names();
    let sender = present(pair.from)?;
    let viewer = present(pair.to)?;
    if !sender.may_publish(media) {
        return Err(Reason::MayNotPublish { who: from, media });
    }
    let sent = sender.own.get(&media).cloned().unwrap_or_default();
    if !sent.published {
        let why = sent
            .error
            .unwrap_or_else(|| "the SFU does not take it".into());
        return Err(Reason::NotPublished {
            who: from,
            media,
            why,
        });
    }
    if sent.muted {
        return Err(Reason::Muted { who: from, media });
    }
    if !viewer.may.subscribe {
        return Err(Reason::MayNotSubscribe(to));
    }
    if sent.packets == 0.0 {
        let path = no_way(sender);
        return Err(Reason::NothingSent { from, media, path });
    }
    let received = viewer.others.get(&from).cloned().unwrap_or_default();
    let announced = match media {
        Media::Camera => received.camera.is_some(),
        Media::Microphone => received.microphone.is_some(),
    };
    if announced {
        Ok(received)
    } else {
        Err(Reason::NotAnnounced { from, to, media })
    }
}

/// What its page told, if it is in the room.
fn present(party: Party<'_>) -> Result<&Told, Reason> {
    let who = party.member.identity.clone();
    if let Some(Err(why)) = party.joined {
        let why = why.clone();
        return Err(Reason::NotJoined { who, why });
    }
    let told = party.told.ok_or_else(|| Reason::NoPage(who.clone()))?;
    if told.state == "connected" {
        Ok(told)
    } else {
        let state = plainly(&told.state);
        Err(Reason::CutOff { who, state })
    }
}

/// livekit-client's word for the state of a connection, in plain ones.
fn plainly(state: &str) -> String {
    match state {
        "signalReconnecting" => "reconnecting".to_owned(),
        state => state.to_owned(),
    }
}

fn stream(pair: &Pair<'_>, media: Media, stream: &Stream) -> Result<(), Reason> {
    let (from, to) = pair.names();
    if !stream.subscribed {
        return Err(Reason::NotSubscribed { from, to, media });
    }
    if stream.packets == 0.0 {
        let path = pair.to.told.map(no_way).unwrap_or_default();
        return Err(Reason::NoPackets {
            from,
            to,
            media,
            path,
        });
    }
    Ok(())
}

/// `: UDP does not get through (…)`, or nothing where media has a way.
fn no_way(told: &Told) -> String {
    let lost = told.connections.iter().filter(|c| c.state != "connected");
    lost.map(|c| format!(": {}", blocked(&c.state, &c.offered)))
        .next()
        .unwrap_or_default()
}

/// What it means that a connection is in this state, with the addresses that the SFU offers.
pub fn blocked(state: &str, offered: &[String]) -> String {
    let through = if offered.iter().any(|address| address.starts_with("tcp")) {
        "neither UDP nor TCP gets through"
    } else {
        "UDP does not get through"
    };
    if offered.is_empty() {
        return format!("the SFU offers no address for media (the connection is {state})");
    }
    format!(
        "{through} to {} (the connection is {state})",
        offered.join(", ")
    )
}

fn stopped(pair: &Pair<'_>, media: Media, last: Option<f64>) -> Result<(), Reason> {
    let (from, to) = pair.names();
    let ago = pair.end() - last.unwrap_or_default();
    if ago <= STOPPED_MS {
        return Ok(());
    }
    let ago = ago / 1000.0;
    Err(Reason::Stopped {
        from,
        to,
        media,
        ago,
    })
}

fn most_frequent<C: PartialOrd + Copy>(counts: &BTreeMap<u32, C>) -> Option<u32> {
    let most = counts
        .iter()
        .max_by(|a, b| a.1.partial_cmp(b.1).unwrap_or(std::cmp::Ordering::Equal));
    most.map(|(what, _)| *what)
}

impl Pair<'_> {
    fn names(&self) -> (String, String) {
        let name = |party: Party<'_>| party.member.identity.clone();
        (name(self.from), name(self.to))
    }

    /// When the viewer's page told its last.
    fn end(&self) -> f64 {
        self.to.told.map_or(0.0, |told| told.at)
    }

    fn who(&self, is: impl Fn(&Member) -> bool) -> String {
        let found = self.members.iter().find(|member| is(member));
        found.map_or_else(|| "nobody here".to_owned(), |m| m.identity.clone())
    }
}

#[cfg(test)]
mod tests;
