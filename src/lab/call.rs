//! A call: everybody joins, it is watched, things happen to it, and it ends.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::browser::{Chromium, DevToolsError, Launch, Tab, fits};
use super::cast::Member;
use super::event::{self, Happened};
use super::page::Pages;
use super::progress::Progress;
use super::record::{Joined, Record};
use super::scenario::{Event, Media, Picture, Scenario, What};
use super::table::{TELLING, Table};
use super::target::{Seat, Tokens, knock};
use super::told::Connection;
use super::verdict::blocked;
use crate::context::Clock;
use crate::error::{Error, Result};
use crate::stack::interrupt::Interrupt;

pub use super::event::Restart;

/// Between two looks at what the pages see and hear.
const TICK: Duration = Duration::from_millis(500);

/// How long a page may take to join, and to be refused a track.
const JOINING: Duration = Duration::from_secs(40);

/// What is to be done.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Who takes part, how long, and what happens.
    pub scenario: &'a Scenario,
    /// The participants.
    pub members: &'a [Member],
    /// What lets them in.
    pub tokens: &'a Tokens,
    /// The browser.
    pub browser: &'a Path,
    /// Whether its windows are shown.
    pub headed: bool,
    /// The time that tokens are valid from.
    pub clock: &'a Clock,
    /// What can restart the SFU.
    pub restart: Option<&'a dyn Restart>,
    /// What ends the call before its time.
    pub interrupt: &'a Interrupt,
}

/// A call that was held.
#[derive(Debug, Default)]
pub struct Held {
    /// The room.
    pub room: String,
    /// The SFU's address for browsers.
    pub url: String,
    /// The participants, as the SFU calls them.
    pub members: Vec<Member>,
    /// The browser's name and version; empty where none was needed.
    pub browser: String,
    /// Seconds that the call was watched.
    pub seconds: u32,
    /// Whether somebody ended it before its time.
    pub interrupted: bool,
    /// What the pages told.
    pub record: Record,
    /// What happened meanwhile.
    pub happened: Vec<Happened>,
    /// What came of insisting on what the SFU must refuse.
    pub insisted: Vec<Insisted>,
    /// What each page looked like at the end: JPEGs in base64.
    pub screenshots: Vec<(String, String)>,
}

/// Somebody tried to publish what the SFU must refuse.
#[derive(Debug)]
pub struct Insisted {
    /// Who.
    pub who: String,
    /// What.
    pub media: Media,
    /// Why the SFU does not take it, nothing where it does, or why that is not known.
    pub refusal: Result<Option<String>, DevToolsError>,
}

/// A call while it goes on.
pub struct Room<'a> {
    /// What is to be done.
    pub plan: &'a Plan<'a>,
    /// Who says what happens.
    pub progress: &'a Progress,
    /// The participants, as the SFU calls them.
    pub members: &'a [Member],
}

/// What a page says of joining.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tried {
    In {
        ms: f64,
    },
    Out {
        error: String,
        connections: Vec<Connection>,
    },
}

/// Holds the call, whatever comes of it.
pub async fn hold(plan: &Plan<'_>, progress: &Progress) -> Result<Held> {
    let name = format!("urbania-call-{:08x}", rand::random::<u32>());
    let seats = plan.interrupt.or(seats(plan, &name)).await?;
    let mut held = Held {
        room: seats.first().map_or(name, |seat| seat.room.clone()),
        url: seats.first().map_or(String::new(), |seat| seat.url.clone()),
        members: named(plan.members, &seats),
        ..Held::default()
    };
    progress.doing("asking the SFU");
    let knocks = join_all(seats.iter().map(knock)).await;
    let mut let_in = Vec::new();
    for (seat, knock) in seats.into_iter().zip(knocks) {
        match knock {
            Ok(()) => let_in.push(seat),
            Err(why) => {
                progress.say(format_args!("{} is not let in: {why}", seat.identity));
                held.record.joined.insert(seat.identity, Err(why));
            }
        }
    }
    if let_in.is_empty() {
        return Ok(held);
    }
    fits(let_in.len())?;
    let pages = Pages::serve().await?;
    progress.doing("starting the browser");
    let launch = Launch {
        program: plan.browser,
        headed: plan.headed,
    };
    let chromium = plan.interrupt.or(launch.start()).await?;
    held.browser.clone_from(&chromium.product);
    let done = inside(plan, progress, &chromium, &pages.origin, let_in, &mut held).await;
    chromium.close().await;
    plan.tokens.delete(&held.room, plan.clock).await;
    done.map(|()| held)
}

async fn seats(plan: &Plan<'_>, room: &str) -> Result<Vec<Seat>> {
    let mut seats = Vec::new();
    for member in plan.members {
        let ttl = plan.scenario.token_ttl;
        seats.push(plan.tokens.seat(room, member, ttl, plan.clock).await?);
    }
    one_for_each(&seats)?;
    Ok(seats)
}

/// An SFU puts out whoever is there already under the same identity.
fn one_for_each(seats: &[Seat]) -> Result<()> {
    for (n, seat) in seats.iter().enumerate() {
        if seats[..n].iter().any(|s| s.identity == seat.identity) {
            let twice = format!(
                "the token endpoint takes two participants for `{}`",
                seat.identity
            );
            return Err(Error::failed(twice)
                .hint("URBANIA_CALL_TOKEN=\"ONE OTHER\"   has a bearer token for each"));
        }
    }
    Ok(())
}

/// A token endpoint may have its own idea of who somebody is.
fn named(members: &[Member], seats: &[Seat]) -> Vec<Member> {
    let named = members.iter().zip(seats).map(|(member, seat)| Member {
        identity: seat.identity.clone(),
        ..member.clone()
    });
    named.collect()
}

async fn inside(
    plan: &Plan<'_>,
    progress: &Progress,
    chromium: &Chromium,
    origin: &str,
    seats: Vec<Seat>,
    held: &mut Held,
) -> Result<()> {
    let members = held.members.clone();
    let room = Room {
        plan,
        progress,
        members: &members,
    };
    progress.doing("opening the pages");
    let table = Table::lay(chromium, origin, seats);
    let table = plan.interrupt.or(table).await?;
    if plan.scenario.events.iter().any(|e| e.what == What::Network) {
        table.throttle().await?;
    }
    progress.doing("joining");
    let joined = plan.interrupt.or(async { Ok(room.join_all(&table).await) });
    for ((seat, _), joined) in table.all().zip(joined.await?) {
        match &joined {
            Ok(ms) => progress.say(format_args!("{} has joined in {ms:.0} ms", seat.identity)),
            Err(why) => progress.say(format_args!("{} did not join: {why}", seat.identity)),
        }
        held.record.joined.insert(seat.identity.clone(), joined);
    }
    if held.record.joined.values().any(Result::is_ok) {
        room.go_on(&table, held).await;
    }
    held.screenshots = table.screenshots().await;
    table.leave().await;
    Ok(())
}

impl Room<'_> {
    async fn join_all(&self, table: &Table) -> Vec<Joined> {
        join_all(table.all().map(|(seat, tab)| self.join(seat, tab))).await
    }

    /// What the SFU calls whom an event happens to; nothing: everybody.
    pub fn seat_of<'a>(&'a self, event: &'a Event) -> Option<&'a str> {
        let who = event.who.as_deref()?;
        let asked = self.plan.members.iter().zip(self.members);
        let found = asked.into_iter().find(|(asked, _)| asked.identity == who);
        Some(found.map_or(who, |(_, named)| &named.identity))
    }

    /// Joins; how long that took, or why not.
    pub async fn join(&self, seat: &Seat, tab: &Tab) -> Joined {
        let Scenario {
            picture, events, ..
        } = self.plan.scenario;
        // Where the SFU restarts, an app joins again.
        let stays = events.iter().any(|event| event.what == What::RestartSfu);
        let Picture { width, height, fps } = picture;
        let plan = json!({"width": width, "height": height, "fps": fps, "stays": stays});
        let cast = json!([self.members]);
        let join = json!([seat.url, seat.token.expose_secret(), seat.identity, plan]);
        let tried = async {
            tab.call::<()>("cast", &cast, TELLING).await?;
            tab.call("join", &join, JOINING).await
        };
        match tried.await {
            Ok(Tried::In { ms }) => Ok(ms.round()),
            Ok(Tried::Out { error, connections }) => Err(why_not(&error, &connections)),
            Err(e) => Err(e.to_string()),
        }
    }

    async fn go_on(&self, table: &Table, held: &mut Held) {
        let started = Instant::now();
        let (happened, insisted, ()) = tokio::join!(
            event::happen(self, table, started),
            self.insist(table),
            self.watch(table, started, &mut held.record),
        );
        held.happened = happened;
        held.insisted = insisted;
        held.interrupted = self.plan.interrupt.is_requested();
        held.seconds = u32::try_from(started.elapsed().as_secs())
            .unwrap_or(u32::MAX)
            .min(self.plan.scenario.seconds);
    }

    /// Has everybody try to publish what the SFU must refuse.
    async fn insist(&self, table: &Table) -> Vec<Insisted> {
        let mut insisted = Vec::new();
        for media in &self.plan.scenario.refuses {
            let argument = json!([media]);
            let tried = table.all().map(async |(seat, tab)| Insisted {
                who: seat.identity.clone(),
                media: *media,
                refusal: tab.call("insist", &argument, JOINING).await,
            });
            let tried = join_all(tried);
            let Ok(tried) = self.plan.interrupt.or(async { Ok(tried.await) }).await else {
                break;
            };
            insisted.extend(tried);
        }
        insisted
    }

    async fn watch(&self, table: &Table, started: Instant, record: &mut Record) {
        let ticks = u64::from(self.plan.scenario.seconds) * 2;
        let mut interval = interval_at(started, TICK);
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let end = started + Duration::from_secs(self.plan.scenario.seconds.into());
        let mut tick = 0;
        while Instant::now() < end {
            tokio::select! {
                _ = interval.tick() => {}
                () = self.plan.interrupt.requested() => return,
            }
            let told = table.told().await;
            for (identity, told) in told {
                if record.started == 0.0 {
                    record.started = told.at;
                }
                record.hear(&identity, told);
            }
            tick += 1;
            self.progress.watching(tick, ticks, record.now());
        }
    }
}

/// Why the SFU has somebody outside: what livekit-client says, or which way media did not get through.
fn why_not(error: &str, connections: &[Connection]) -> String {
    let lost = connections.iter().find(|c| c.state != "connected");
    match lost {
        Some(lost) if !lost.offered.is_empty() => blocked(&lost.state, &lost.offered),
        _ => error.to_owned(),
    }
}
