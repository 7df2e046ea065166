//! The address of signalling that browsers are told.

use std::time::Duration;

use async_trait::async_trait;

use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::http;
use crate::livekit::keys::KeyPair;
use crate::livekit::token::{JoinToken, Signer};
use crate::stack::health::sfu::{Refusal, sfu_accepts};
use crate::stack::last_words::shortened;

/// The check.
#[derive(Debug)]
pub struct Url;

const ABOUT: About = About {
    code: "address.url",
    group: Group::Address,
    title: "no SFU of this project answers at the address that browsers are told",
    looks_at: "`livekit_url` of urbania.yaml, or `ws://localhost` with the port of livekit.yaml, from this machine:\n\
        whether `/rtc/validate` there takes a token of the project's pair, as an SFU does; and whether it is `wss://`\n\
        where it is not this machine alone.",
    why: "The API hands this address out with every token. A name without a record, a proxy that is down or another\n\
        port, such as that of the API, and nobody joins. And pages of other machines get no camera without https, from where `ws://` is forbidden.",
    fix: "Set `livekit_url` in urbania.yaml to where browsers reach the SFU: for other machines a `wss://` address of a\n\
        proxy with a certificate in front of the SFU's port.",
};

const PATIENCE: Duration = Duration::from_millis(1_500);
const TOKEN_TTL: Duration = Duration::from_mins(1);

#[async_trait]
impl Check for Url {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let url = project.sfu_url();
        // Whether the SFU is there at all is not the question, nor whether it has the project's keys.
        let base = &site.sfu()?.base;
        let (pair, now) = (project.key_pair(), site.ctx.clock.unix());
        if let Err(Refusal::KeyRefused(_)) = sfu_accepts(base, pair, now).await {
            return Err(Blind::because(
                "the SFU that runs refuses the project's pair",
            ));
        }
        let answer = asked(&url, pair, now).await;
        Ok(judge(&url, answer.as_ref().err().map(String::as_str)))
    }
}

/// Asks as livekit-client does that wants to know why it was refused.
async fn asked(url: &str, pair: &KeyPair, now: u64) -> Result<(), String> {
    let base = url.replacen("ws", "http", 1);
    let client = http::for_url(&base, PATIENCE).map_err(|e| e.to_string())?;
    let token = Signer::new(pair)
        .mint(&JoinToken::new("urbania", "urbania", TOKEN_TTL), now)
        .map_err(|e| e.to_string())?
        .token;
    let request = client.get(format!("{}/rtc/validate", base.trim_end_matches('/')));
    let answer = request.bearer_auth(&token).send().await;
    let answer = answer.map_err(|e| root(&e))?;
    let status = answer.status().as_u16();
    let words = answer.text().await.unwrap_or_default();
    understood(status, words.replace(&token, "…").trim())
}

/// What an answer to a token means. A room that nobody made yet is no objection.
fn understood(status: u16, words: &str) -> Result<(), String> {
    let said = shortened(words.to_owned());
    match status {
        200 if words == "success" => Ok(()),
        404 if words == "requested room does not exist" => Ok(()),
        401 => Err(format!("it refuses a token of this project: {said}")),
        // A proxy says 502 when nobody is behind it.
        _ => Err(format!("it answers {status}, not as an SFU does")),
    }
}

/// The first cause says most.
fn root(e: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = e;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn judge(url: &str, failure: Option<&str>) -> Vec<Finding> {
    if let Some(why) = failure {
        return vec![
            Finding::problem(format!(
                "browsers are told `{url}`, and no SFU of this project answers there"
            ))
            .evidence(why)
            .fix("urbania.yaml: livekit_url"),
        ];
    }
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let local = ["localhost", "127.", "[::1]"];
    let is_local = local.iter().any(|name| host.starts_with(name));
    if url.starts_with("ws://") && !is_local {
        return vec![
            Finding::note(format!(
                "browsers are told `{url}`, which pages of https:// may not open"
            ))
            .evidence("other machines get a camera on https:// pages alone")
            .fix("a proxy with a certificate, and `livekit_url: wss://…` in urbania.yaml"),
        ];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_sfu_says_of_a_token_is_the_answer_of_an_sfu() {
        for (status, words, is_sfu) in [
            (200, "success", true),
            (404, "requested room does not exist", true),
            (401, "invalid API key: APIone", false),
            (200, "<!doctype html>", false),
            (404, "404 page not found", false),
            (502, "", false),
        ] {
            assert_eq!(
                understood(status, words).is_ok(),
                is_sfu,
                "{status} {words}"
            );
        }
    }
}
