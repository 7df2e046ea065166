//! The one task that owns all rooms and all connections. What comes in is done at once and whole; what it leads
//! to is carried from floor to floor until nothing is left.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use livekit_protocol as proto;
use livekit_protocol::DisconnectReason;
use livekit_protocol::signal_request::Message as Asked;
use livekit_protocol::signal_response::Message;
use prost::Message as _;
use tokio::sync::{mpsc, watch};

use super::command::{Command, Join};
use super::greeting::complete;
use super::media::{Arrival, Media, News};
use super::outbox::{Letter, Outbox};
use super::refusals::Refusals;
use super::rooms::{Effect, Millis, TrackSid, Who, World};
use super::signalling::Pass;
use super::webhooks::Webhooks;
use crate::context::Clock;

/// Packets that are taken at once before anything else has its turn.
const AT_ONCE: usize = 64;
/// Who speaks is told this often at most.
const SPEAKERS: Duration = Duration::from_millis(300);
/// Rooms and qualities are looked at this often.
const SLOW: Duration = Duration::from_secs(1);
/// Time for good-byes.
const FAREWELL: Duration = Duration::from_secs(2);
/// So many nonsensical frames are passed over before somebody is put out.
const PATIENCE: u32 = 50;

/// The state, and what it is done with.
pub struct Hub {
    world: World,
    media: Media,
    outboxes: HashMap<Who, Outbox>,
    passes: HashMap<Who, Pass>,
    /// Nonsense that each has sent.
    nonsense: HashMap<Who, u32>,
    refusals: Refusals,
    webhooks: Option<Webhooks>,
    clock: Clock,
    region: String,
    next_speakers: Instant,
    next_slow: Instant,
    /// Tracks whose media began to come since the last beat, and in the one before: a client knows a track of its own a
    /// moment after it began to send it, and forgets what it is told of it before.
    began_now: BTreeSet<(Who, TrackSid)>,
    began_before: BTreeSet<(Who, TrackSid)>,
}

impl Hub {
    /// With nobody in it.
    pub fn new(
        world: World,
        media: Media,
        refusals: Refusals,
        webhooks: Option<Webhooks>,
        clock: Clock,
        region: String,
    ) -> Self {
        let now = Instant::now();
        Self {
            world,
            media,
            outboxes: HashMap::new(),
            passes: HashMap::new(),
            nonsense: HashMap::new(),
            refusals,
            webhooks,
            clock,
            region,
            next_speakers: now,
            next_slow: now,
            began_now: BTreeSet::new(),
            began_before: BTreeSet::new(),
        }
    }

    /// Runs until `ending` is true and everybody has been told.
    pub async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut arrivals: mpsc::Receiver<Arrival>,
        mut ending: watch::Receiver<bool>,
    ) {
        let mut packets = Vec::with_capacity(AT_ONCE);
        loop {
            let wake = self.media.next_wake().into();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return,
                },
                _ = arrivals.recv_many(&mut packets, AT_ONCE) => {
                    packets.drain(..).for_each(|arrival| self.media.arrived(arrival));
                }
                () = tokio::time::sleep_until(wake) => {}
                _ = ending.wait_for(|is_over| *is_over) => break,
            }
            self.pass();
            self.settle();
        }
        let farewell = self.farewell(&mut commands);
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }

    /// Everybody is told, and has the time to hear it.
    async fn farewell(&mut self, commands: &mut mpsc::Receiver<Command>) {
        let mut there: HashSet<_> = self.world.everybody().into_iter().collect();
        let mut effects = Vec::new();
        self.world.shut_down(&mut effects);
        self.apply(effects);
        while !there.is_empty() {
            match commands.recv().await {
                Some(Command::Gone(who)) => {
                    there.remove(&who);
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    fn now(&self) -> Millis {
        self.clock.now().as_millisecond()
    }

    pub(super) fn command(&mut self, command: Command) {
        let now = self.now();
        let mut effects = Vec::new();
        match command {
            Command::Join(join) => self.join(*join),
            Command::Frame(who, asked) => self.asked(who, *asked),
            Command::Nonsense(who, what) => self.refused(who, what),
            Command::Gone(who) => {
                self.world
                    .leave(who, DisconnectReason::SignalClose, now, &mut effects);
            }
            Command::Ask(question) => question(&mut self.world, now, &mut effects),
        }
        self.apply(effects);
    }

    fn join(&mut self, join: Join) {
        // Whoever has hung up while they waited takes nobody's place.
        if join.answer.is_closed() {
            return;
        }
        let (room, identity) = (join.joining.room.clone(), join.joining.identity.clone());
        let (who, mut greeting, effects) = match self.world.join(join.joining, self.now()) {
            Ok(joined) => joined,
            Err(refused) => {
                tracing::info!("`{identity}` may not come into `{room}`: {refused}");
                let _ = join.answer.send(Err(refused));
                return;
            }
        };
        tracing::info!("`{identity}` comes into `{room}`");
        complete(&mut greeting, join.topology, &self.region);
        self.outboxes.insert(who, join.outbox);
        self.passes.extend(join.pass.map(|pass| (who, pass)));
        self.media.enter(who, join.topology, Instant::now());
        self.tell(who, Message::Join(greeting));
        self.apply(effects);
        if join.answer.send(Ok(who)).is_err() {
            return self.command(Command::Gone(who));
        }
        for asked in join.first {
            self.asked(who, asked);
        }
    }

    /// What concerns connections goes down, the rest is for the rooms.
    fn asked(&mut self, who: Who, asked: Asked) {
        let (now, at) = (self.now(), Instant::now());
        match asked {
            Asked::Offer(offer) => self.media.offered(who, &offer, at),
            Asked::Answer(answer) => self.media.answered(who, &answer, at),
            // Addresses of clients show themselves in the packets that come from them.
            Asked::Trickle(_) => {}
            asked => {
                let mut effects = Vec::new();
                self.world.request(who, asked, now, &mut effects);
                self.apply(effects);
            }
        }
    }

    pub(super) fn pass(&mut self) {
        let now = Instant::now();
        self.media.pass(now);
        let mut effects = Vec::new();
        if now >= self.next_speakers {
            self.next_speakers = now + SPEAKERS;
            let levels = self.media.loudness();
            self.world.heard(&levels, &mut effects);
            let began = std::mem::take(&mut self.began_now);
            for (who, sid) in std::mem::replace(&mut self.began_before, began) {
                self.world.track_comes(who, &sid, &mut effects);
            }
        }
        if now >= self.next_slow {
            self.next_slow = now + SLOW;
            let qualities = self.media.qualities();
            self.world.measured(&qualities, &mut effects);
            self.world.tick(self.now(), &mut effects);
        }
        self.apply(effects);
    }

    /// Carries news up and offers down until nothing is left.
    pub(super) fn settle(&mut self) {
        loop {
            let now = Instant::now();
            self.media.propose_all(now);
            self.media.flush(now);
            let Some(news) = self.media.news() else {
                return;
            };
            self.heard(news);
            while let Some(news) = self.media.news() {
                self.heard(news);
            }
        }
    }

    fn heard(&mut self, news: News) {
        let now = self.now();
        let mut effects = Vec::new();
        match news {
            News::Tell(who, message) => self.tell(who, message),
            News::Connected(who) => self.world.connected(who, &mut effects),
            News::Sent(who, sid, mime) => self.world.track_sent(who, &sid, mime, &mut effects),
            News::Comes(who, sid) => {
                self.began_now.insert((who, sid));
            }
            News::Gone(who, sid) => self.world.track_gone(who, &sid, &mut effects),
            News::Data(who, reliability, packet) => {
                self.world.data(who, reliability, *packet, &mut effects);
            }
            News::Failed(who, why) => {
                if let Some((room, identity)) = self.world.called(who) {
                    tracing::info!("`{identity}` is put out of `{room}`: {why}");
                }
                // The client may begin anew.
                self.world
                    .leave(who, DisconnectReason::StateMismatch, now, &mut effects);
            }
            News::Refused(who, what) => self.refused(who, what),
        }
        self.apply(effects);
    }

    /// Takes somebody for connected.
    #[cfg(any(test, fuzzing))]
    pub(super) fn connected(&mut self, who: Who) {
        self.heard(News::Connected(who));
    }

    /// Whether nothing is kept of anybody.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_idle(&self) -> bool {
        self.world.everybody().is_empty()
            && self.outboxes.is_empty()
            && self.passes.is_empty()
            && self.nonsense.is_empty()
            && self.media.is_idle()
    }

    /// Nonsense is counted; who sends too much of it is put out.
    fn refused(&mut self, who: Who, what: &'static str) {
        self.refusals.count(what);
        // What somebody sent before they were put out is kept of nobody.
        let Some((room, identity)) = self.world.called(who) else {
            return;
        };
        let count = self.nonsense.entry(who).or_default();
        *count += 1;
        let count = *count;
        tracing::debug!("`{identity}` in `{room}` sends {what}");
        if count == PATIENCE {
            tracing::warn!(
                "`{identity}` is put out of `{room}`: it sent {what}, and nonsense {count} times"
            );
            let mut effects = Vec::new();
            self.world.leave(
                who,
                DisconnectReason::ParticipantRemoved,
                self.now(),
                &mut effects,
            );
            self.apply(effects);
        }
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Tell(who, message) => self.tell(who, message),
                Effect::TellAll(to, message) => self.tell_all(&to, message),
                Effect::Renew(who, info) => self.renew(who, &info),
                Effect::Part(who, parting) => {
                    tracing::info!("{parting}");
                    self.media.part(who);
                    self.outboxes.remove(&who);
                    self.passes.remove(&who);
                    if let Some(count) = self.nonsense.remove(&who) {
                        let identity = &parting.identity;
                        tracing::info!("{count} frames of `{identity}` were refused");
                    }
                }
                Effect::Publish(who, track) => self.media.publish(who, track, Instant::now()),
                Effect::Unpublish(sid) => self.media.unpublish(&sid),
                Effect::Mute(sid, is_muted) => self.media.mute(&sid, is_muted),
                Effect::Subscribe(who, sid) => self.media.subscribe(who, sid),
                Effect::Unsubscribe(who, sid) => self.media.unsubscribe(who, &sid),
                Effect::Want(who, sid, wanted) => self.media.want(who, &sid, wanted),
                Effect::Send(from, to, reliability, packet) => {
                    self.media.send(from, &to, reliability, &packet);
                }
                Effect::Report(event) => {
                    if let Some(webhooks) = &self.webhooks {
                        webhooks.report(*event);
                    }
                }
            }
        }
    }

    fn renew(&mut self, who: Who, info: &proto::ParticipantInfo) {
        let pass = self.passes.get(&who);
        if let Some(token) = pass.and_then(|pass| pass.renewed(info)) {
            self.tell(who, Message::RefreshToken(token));
        }
    }

    fn tell(&mut self, who: Who, message: Message) {
        self.tell_all(&[who], message);
    }

    /// Whoever does not listen for so long that their messages pile up is put out.
    fn tell_all(&mut self, to: &[Who], message: Message) {
        self.refusals.count_answer(&message);
        let letter = letter(message);
        let is_full = |who: &&Who| {
            let outbox = self.outboxes.get(who);
            outbox.is_some_and(|outbox| outbox.put(letter.clone()).is_err())
        };
        let full: Vec<_> = to.iter().filter(is_full).copied().collect();
        for who in full {
            self.outboxes.remove(&who);
            let mut effects = Vec::new();
            self.world
                .leave(who, DisconnectReason::SignalClose, self.now(), &mut effects);
            self.apply(effects);
        }
    }
}

/// A message as it is sent. Of a participant only what is so now is to be known.
fn letter(message: Message) -> Letter {
    let about = match &message {
        Message::Update(update) => match &update.participants[..] {
            [one] => Some(one.sid.as_str().into()),
            _ => None,
        },
        _ => None,
    };
    let response = proto::SignalResponse {
        message: Some(message),
    };
    Letter {
        bytes: response.encode_to_vec().into(),
        about,
    }
}
