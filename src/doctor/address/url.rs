//! The address of signalling that browsers are told.

use std::time::Duration;

use async_trait::async_trait;

use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::http;

/// The check.
#[derive(Debug)]
pub struct Url;

const ABOUT: About = About {
    code: "address.url",
    group: Group::Address,
    title: "nobody answers at the address that browsers are told",
    looks_at: "`livekit_url` of urbania.yaml, or `ws://localhost` with the port of livekit.yaml, from this machine; and\n\
        whether it is `wss://` where it is not this machine alone.",
    why: "The API hands this address out with every token. A name without a record, a proxy that is down or another\n\
        port, and nobody joins. And pages of other machines get no camera without https, from where `ws://` is forbidden.",
    fix: "Set `livekit_url` in urbania.yaml to where browsers reach the SFU: for other machines a `wss://` address of a\n\
        proxy with a certificate in front of the SFU's port.",
};

const PATIENCE: Duration = Duration::from_millis(1_500);

#[async_trait]
impl Check for Url {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let url = site.project()?.sfu_url();
        // Whether the SFU is there at all is not the question.
        site.sfu()?;
        let answer = asked(&url).await;
        Ok(judge(&url, answer.as_ref().err().map(String::as_str)))
    }
}

/// Asks as a browser's first request would.
async fn asked(url: &str) -> Result<(), String> {
    let http = url.replacen("ws", "http", 1);
    let client = http::for_url(&http, PATIENCE).map_err(|e| e.to_string())?;
    let answer = client.get(&http).send().await.map_err(|e| root(&e))?;
    let status = answer.status().as_u16();
    // LiveKit says 406 while it is not ready, a proxy 502 when nobody is behind it.
    if status == 200 || status == 406 {
        return Ok(());
    }
    Err(format!("it answers {status}, not as an SFU does"))
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
                "browsers are told `{url}`, and no SFU answers there"
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
