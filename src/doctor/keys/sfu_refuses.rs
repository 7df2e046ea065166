//! The proof: a token of each pair, shown to the SFU that runs.

use async_trait::async_trait;
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;

use crate::config::{KEY, LIVEKIT_FILE, Project, SECRET};
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
    looks_at: "A token signed with each pair of livekit.yaml, `.env`, the files under `backends:` and the environment,\n\
        shown to `/rtc/validate` of the SFU that runs. Nobody joins a room.",
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
        let (project, base) = (site.project()?, &site.sfu()?.base);
        let now = site.ctx.clock.unix();
        let sources = sources(site, project);
        let answers = join_all(
            sources
                .iter()
                .map(|source| async move { (source, sfu_accepts(base, &source.pair, now).await) }),
        );
        judge(base, &answers.await)
    }
}

/// A pair and the places that it stands in.
struct Source {
    pair: KeyPair,
    places: Vec<String>,
}

fn sources(site: &Site, project: &Project) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    let mut add = |place: &str, pair: KeyPair| {
        let same = |s: &&mut Source| s.pair.fingerprint() == pair.fingerprint();
        match sources.iter_mut().find(same) {
            Some(source) => source.places.push(place.to_owned()),
            None => sources.push(Source {
                pair,
                places: vec![place.to_owned()],
            }),
        }
    };
    for pair in &project.livekit.keys {
        add(LIVEKIT_FILE, pair.clone());
    }
    for (name, file) in super::env_files(project) {
        if let Some(pair) = super::pair_of(&file) {
            add(&name, pair);
        }
    }
    let env = &site.ctx.env;
    if let (Some(key), Some(secret)) = (env.get(KEY), env.get(SECRET)) {
        let pair = KeyPair {
            key: key.to_owned(),
            secret: secret.into(),
        };
        add("the environment", pair);
    }
    sources
}

fn judge(base: &str, answers: &[(&Source, Result<(), Refusal>)]) -> Look {
    let (mut findings, mut taken) = (Vec::new(), Vec::new());
    for (source, answer) in answers {
        let key = shown(&source.pair);
        let places = source.places.join(", ");
        match answer {
            Ok(()) => taken.push(format!("`{key}` ({places})")),
            Err(Refusal::Unreachable(_)) => {
                return Err(Blind(format!("no SFU answers at {base}")));
            }
            Err(Refusal::NotReady(status)) => {
                return Err(Blind(format!("the SFU is not ready (status {status})")));
            }
            Err(e) => findings.push(refused(base, &key, &places, e)),
        }
    }
    if !taken.is_empty() {
        let message = format!("the SFU takes tokens of {}", taken.join(" and "));
        findings.push(Finding::ok(message));
    }
    Ok(findings)
}

fn refused(base: &str, key: &str, places: &str, e: &Refusal) -> Finding {
    let finding = Finding::problem(format!(
        "the SFU at {base} refuses the pair `{key}` of {places}"
    ))
    .evidence(e.to_string());
    if places.starts_with(LIVEKIT_FILE) {
        finding
            .fix("start the SFU with the keys that livekit.yaml has now: `urbania up`")
            .fix("is it this project's SFU? `urbania ports`")
    } else {
        finding.fix("urbania keys sync")
    }
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
