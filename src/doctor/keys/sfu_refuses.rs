//! The proof: a token of each pair, shown to the SFU that runs.

use async_trait::async_trait;
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;

use super::running::Backend;
use super::winning;
use crate::config::{KEY, LIVEKIT_FILE, Project, SECRET};
use crate::doctor::seen::SfuSeen;
use crate::doctor::skew;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::livekit::keys::KeyPair;
use crate::stack::health::sfu::{Refusal, sfu_accepts};

/// The check.
#[derive(Debug)]
pub struct SfuRefuses;

const ABOUT: About = About {
    code: "keys.sfu-refuses",
    group: Group::Keys,
    title: "the SFU that runs refuses a token of a backend's pair",
    looks_at: "A token signed with each pair of livekit.yaml, `.env`, the files under `backends:`, the env files that win\n\
        over them (`keys.precedence`), the environment of this shell and of backends that run (`keys.process-differs`),\n\
        shown to `/rtc/validate` of the SFU that runs. Nobody joins a room. A place that has half a pair is left out:\n\
        there is nothing to sign with.",
    why: "This is the proof that files alone cannot give: LiveKit reads its keys at its start alone, and another SFU\n\
        may have the port.",
    fix: "If the pair of livekit.yaml is refused: `urbania up` starts the SFU again with the keys that the file has\n\
        now, and `urbania ports` tells whose SFU it is. If a backend's alone is refused: `urbania keys sync`. If the SFU\n\
        says that a token is not valid yet or has expired, see `machine.clock`.",
};

#[async_trait]
impl Check for SfuRefuses {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let (project, sfu) = (site.project()?, site.sfu()?);
        let base = &sfu.base;
        let now = site.ctx.clock.unix();
        // Where no engine tells of backends, `keys.process-differs` says so; the others are proved all the same.
        let running = site.backends().await.unwrap_or_default();
        let sources = sources(site, project, running);
        let answers = join_all(
            sources
                .iter()
                .map(|source| async move { (source, sfu_accepts(base, &source.pair, now).await) }),
        );
        judge(sfu, &answers.await)
    }
}

/// A pair and the places that it stands in.
struct Source {
    pair: KeyPair,
    places: Vec<String>,
    /// What to do in the first place.
    ways: Vec<String>,
}

fn sources(site: &Site, project: &Project, running: &[Backend]) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    let mut add = |place: &str, pair: KeyPair, ways: &[&str]| {
        let same = |s: &&mut Source| s.pair.fingerprint() == pair.fingerprint();
        match sources.iter_mut().find(same) {
            Some(source) if source.places.iter().any(|other| other == place) => {}
            Some(source) => source.places.push(place.to_owned()),
            None => sources.push(Source {
                pair,
                places: vec![place.to_owned()],
                ways: ways.iter().copied().map(Into::into).collect(),
            }),
        }
    };
    for pair in &project.livekit.keys {
        let ways = [
            "start the SFU with the keys that livekit.yaml has now: `urbania up`",
            "is it this project's SFU? `urbania ports`",
        ];
        add(LIVEKIT_FILE, pair.clone(), &ways);
    }
    for (name, file) in super::env_files(project) {
        if let Some(pair) = super::pair_of(&file) {
            add(&name, pair, &["urbania keys sync"]);
        }
    }
    for winning in winning::all(project) {
        let pair = winning.pair().filter(|_| !winning.is_of_a_named_file());
        if let Some(pair) = pair {
            add(&winning.shown(), pair, &[&winning.way()]);
        }
    }
    let env = &site.ctx.env;
    if let (Some(key), Some(secret)) = (env.get(KEY), env.get(SECRET)) {
        let pair = KeyPair {
            key: key.to_owned(),
            secret: secret.into(),
        };
        add(
            "the environment",
            pair,
            &["unset LIVEKIT_API_KEY LIVEKIT_API_SECRET"],
        );
    }
    for backend in running {
        add(&backend.name, backend.pair.clone(), &[backend.way()]);
    }
    sources
}

fn judge(sfu: &SfuSeen, answers: &[(&Source, Result<(), Refusal>)]) -> Look {
    let (mut findings, mut taken) = (Vec::new(), Vec::new());
    let base = &sfu.base;
    for (source, answer) in answers {
        match answer {
            Ok(()) => {
                let places = source.places.join(", ");
                taken.push(format!("`{}` ({places})", shown(&source.pair)));
            }
            Err(Refusal::Unreachable(_)) => {
                return Err(Blind(format!("no SFU answers at {base}")));
            }
            Err(Refusal::NotReady(status)) => {
                return Err(Blind(format!("the SFU is not ready (status {status})")));
            }
            Err(e) => findings.push(refused(sfu, source, e)),
        }
    }
    if !taken.is_empty() {
        let message = format!("the SFU takes tokens of {}", taken.join(" and "));
        findings.push(Finding::ok(message));
    }
    Ok(findings)
}

fn refused(sfu: &SfuSeen, source: &Source, why: &Refusal) -> Finding {
    let base = &sfu.base;
    let message = format!(
        "the SFU at {base} refuses the pair `{}` of {}",
        shown(&source.pair),
        source.places.join(", ")
    );
    let finding = Finding::problem(message).evidence(why.to_string());
    let ahead = sfu.ahead.filter(|_| is_of_time(why));
    if let Some(clocks) = ahead.and_then(skew::refuses) {
        return finding
            .evidence(format!("the SFU's clock is {clocks} this machine's"))
            .fix("the pair is not the matter, the clocks are: `urbania doctor --explain machine.clock`");
    }
    source.ways.iter().cloned().fold(finding, Finding::fix)
}

/// Whether the SFU knows the pair, and refuses the token for its times alone.
fn is_of_time(why: &Refusal) -> bool {
    let Refusal::KeyRefused(words) = why else {
        return false;
    };
    ["not valid yet", "expired"]
        .iter()
        .any(|sign| words.contains(sign))
}

/// The key, unless it is a secret that stands in the wrong place.
fn shown(pair: &KeyPair) -> String {
    let swapped = pair.secret.expose_secret().starts_with("API");
    if swapped || pair.key.len() >= crate::livekit::keys::SHORTEST_SECRET {
        "…".to_owned()
    } else {
        pair.key.clone()
    }
}
