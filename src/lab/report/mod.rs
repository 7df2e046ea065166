//! The result of a call: what holds for each pair and each participant, shown in four ways.

mod check;
mod html;
mod junit;
mod plot;
mod table;

use serde::Serialize;

use super::call::Held;
use super::cast::Member;
use super::event::Happened;
use super::measure::{Sight, Sound};
use super::record::{Record, Sample, View};
use super::scenario::{Media, Scenario};
use super::told::{Path, Received};
use super::verdict::{self, Pair, Party, Reason};

pub use check::Check;
pub use html::{html, rendered};
pub use junit::junit;
pub use table::text;

/// The result of a call.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The scenario.
    pub scenario: String,
    /// Whether all is as the scenario expects it, to its end.
    pub passed: bool,
    /// Whether somebody ended the call before its time.
    pub interrupted: bool,
    /// The SFU's address for browsers.
    pub url: String,
    /// The room.
    pub room: String,
    /// The browser; nothing where nobody was let in.
    pub browser: Option<String>,
    /// When the call began.
    pub started_at: String,
    /// Seconds that it was watched.
    pub seconds: u32,
    /// Who took part.
    pub participants: Vec<Participant>,
    /// Who sees and hears whom.
    pub pairs: Vec<PairResult>,
    /// What else must hold.
    pub checks: Vec<Check>,
    /// What happened meanwhile.
    pub events: Vec<Happened>,
    /// What each page looked like at the end.
    #[serde(skip)]
    pub screenshots: Vec<(String, String)>,
    /// The first way out of the first fault.
    #[serde(skip)]
    pub hint: Option<&'static str>,
}

/// One who took part.
#[derive(Debug, Serialize)]
pub struct Participant {
    /// Who.
    pub identity: String,
    /// Whether it came in.
    pub joined: bool,
    /// How long that took.
    pub join_ms: Option<f64>,
    /// Why it did not.
    pub reason: Option<String>,
    /// The way that media takes.
    pub ice: Option<Path>,
    /// What it sends, and by which codec.
    pub publishes: Vec<Published>,
    /// How often its connection broke.
    pub breaks: usize,
    /// Its colour in pictures and plots.
    #[serde(skip)]
    pub colour: &'static str,
}

/// Something that is sent.
#[derive(Debug, Serialize)]
pub struct Published {
    /// What.
    pub media: Media,
    /// By which codec.
    pub codec: Option<String>,
}

/// One participant as another sees and hears it.
#[derive(Debug, Serialize)]
pub struct PairResult {
    /// Who sends.
    pub from: String,
    /// Who sees and hears.
    pub to: String,
    /// The picture; nothing where none is sent.
    pub sees: Option<Sense<Sight>>,
    /// The sound; nothing where none is sent.
    pub hears: Option<Sense<Sound>>,
    /// The figures over time.
    #[serde(skip)]
    pub samples: Vec<Sample>,
}

/// A verdict and its figures.
#[derive(Debug, Serialize)]
pub struct Sense<T> {
    /// Whether it is as it should be.
    pub passed: bool,
    /// Why not.
    pub reason: Option<String>,
    /// What was measured, where any packets came.
    pub measured: Option<T>,
}

impl Report {
    /// Judges a call.
    pub fn of(scenario: &Scenario, held: Held, started_at: String) -> Self {
        let record = &held.record;
        let mut hints = Vec::new();
        let mut pairs = Vec::new();
        for from in &held.members {
            for to in held
                .members
                .iter()
                .filter(|to| to.identity != from.identity)
            {
                let pair = pair(scenario, &held, from, to);
                pairs.push(judged(&pair, record, &mut hints));
            }
        }
        let checks = check::all(scenario, &held);
        let events_done = held.happened.iter().all(|event| event.error.is_none());
        let passed = !held.interrupted
            && pairs.iter().all(PairResult::passed)
            && checks.iter().all(|check| check.passed)
            && events_done;
        let participants = held
            .members
            .iter()
            .map(|member| participant(member, record));
        Self {
            scenario: scenario.name.clone(),
            passed,
            interrupted: held.interrupted,
            participants: participants.collect(),
            url: held.url,
            room: held.room,
            browser: Some(held.browser).filter(|browser| !browser.is_empty()),
            started_at,
            seconds: held.seconds,
            pairs,
            checks,
            events: held.happened,
            screenshots: held.screenshots,
            hint: hints.first().copied(),
        }
    }

    /// In a word.
    pub fn verdict(&self) -> &'static str {
        match self {
            Self { passed: true, .. } => "passed",
            Self {
                interrupted: true, ..
            } => "interrupted",
            _ => "failed",
        }
    }

    /// Every sentence that says what is wrong.
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = Vec::new();
        let mut add = |fault: String| {
            // Who is not in the room is missed by everybody for one reason.
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        };
        for pair in &self.pairs {
            pair.reasons().for_each(|reason| add(reason.to_owned()));
        }
        for check in self.checks.iter().filter(|check| !check.passed) {
            add(format!("{}: {}", check.name, check.detail));
        }
        for event in &self.events {
            if let Some(error) = &event.error {
                add(format!("{}: {error}", event.what));
            }
        }
        faults
    }
}

impl PairResult {
    /// Whether all that is expected of it holds.
    pub fn passed(&self) -> bool {
        self.reasons().next().is_none()
    }

    fn reasons(&self) -> impl Iterator<Item = &str> {
        let sees = self.sees.as_ref().and_then(|sense| sense.reason.as_deref());
        let hears = self
            .hears
            .as_ref()
            .and_then(|sense| sense.reason.as_deref());
        sees.into_iter().chain(hears)
    }
}

fn pair<'a>(scenario: &Scenario, held: &'a Held, from: &'a Member, to: &'a Member) -> Pair<'a> {
    let record = &held.record;
    let party = |member: &'a Member| Party {
        member,
        joined: record.joined.get(&member.identity),
        told: record.told.get(&member.identity),
    };
    Pair {
        from: party(from),
        to: party(to),
        view: record
            .views
            .get(&(from.identity.clone(), to.identity.clone())),
        members: &held.members,
        seconds: held.seconds,
        goes_on: scenario.goes_on(),
    }
}

fn judged(pair: &Pair<'_>, record: &Record, hints: &mut Vec<&'static str>) -> PairResult {
    let (from, to) = (pair.from.member, pair.to.member);
    let began = record.began.get(&from.identity).copied();
    let began = began.unwrap_or_default();
    let received = pair
        .to
        .told
        .and_then(|told| told.others.get(&from.identity));
    let measured = received.zip(pair.view);
    let end = pair.to.told.map_or(0.0, |told| told.at);
    let mut reason = |verdict: Result<(), Reason>| {
        let reason = verdict.err()?;
        hints.extend(reason.hint());
        Some(reason.to_string())
    };
    let sees = from
        .publishes
        .contains(&Media::Camera)
        .then(|| sense(reason(verdict::sees(pair)), sight(measured, began, end)));
    let hears = from
        .publishes
        .contains(&Media::Microphone)
        .then(|| sense(reason(verdict::hears(pair)), sound(measured)));
    PairResult {
        from: from.identity.clone(),
        to: to.identity.clone(),
        sees,
        hears,
        samples: pair
            .view
            .map(|view| view.samples.clone())
            .unwrap_or_default(),
    }
}

fn sense<T>(reason: Option<String>, measured: Option<T>) -> Sense<T> {
    Sense {
        passed: reason.is_none(),
        reason,
        measured,
    }
}

fn sight(measured: Option<(&Received, &View)>, began: f64, end: f64) -> Option<Sight> {
    let (received, view) = measured?;
    let camera = received.camera.as_ref()?;
    (camera.stream.packets > 0.0).then(|| Sight::of(camera, view, began, end))
}

fn sound(measured: Option<(&Received, &View)>) -> Option<Sound> {
    let (received, view) = measured?;
    let microphone = received.microphone.as_ref()?;
    (microphone.stream.packets > 0.0).then(|| Sound::of(microphone, view))
}

fn participant(member: &Member, record: &Record) -> Participant {
    let joined = record.joined.get(&member.identity);
    let told = record.told.get(&member.identity);
    let publishes = told.into_iter().flat_map(|told| &told.own);
    let publishes = publishes.filter(|(_, sent)| sent.published);
    let broke = |event: &&super::told::Event| {
        ["Reconnecting", "SignalReconnecting", "Disconnected"].contains(&event.event.as_str())
    };
    Participant {
        identity: member.identity.clone(),
        joined: joined.is_some_and(Result::is_ok),
        join_ms: joined.and_then(|joined| joined.as_ref().ok().copied()),
        reason: joined.and_then(|joined| joined.as_ref().err().cloned()),
        ice: told.and_then(|told| told.path().cloned()),
        publishes: publishes
            .map(|(media, sent)| Published {
                media: *media,
                codec: sent.codec.clone(),
            })
            .collect(),
        breaks: told.map_or(0, |told| told.events.iter().filter(broke).count()),
        colour: member.colour,
    }
}
