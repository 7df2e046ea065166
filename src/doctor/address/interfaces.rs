//! Interfaces that livekit.yaml names and this machine does not have.

use async_trait::async_trait;
use serde_json::Value;

use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::host::address::has_interface;

/// The check.
#[derive(Debug)]
pub struct Interfaces;

const ABOUT: About = About {
    code: "address.interfaces",
    group: Group::Address,
    title: "livekit.yaml names network interfaces that are not there",
    looks_at: "`rtc.interfaces.includes` and `rtc.interfaces.excludes` of livekit.yaml, against the interfaces of this\n\
        machine, where the SFU has this machine's network.",
    why: "The names of interfaces differ from machine to machine: `eth0`, `enp3s0`, `wlan0`. With `includes`, LiveKit\n\
        offers the addresses of those alone: without any of them it offers none, and nobody sees or hears anybody. An\n\
        interface under `excludes` with another name is not kept out.",
    fix: "`ip -brief address` shows the names. Correct them in livekit.yaml, or take `rtc.interfaces` out, then\n\
        `urbania up`.",
};

#[async_trait]
impl Check for Interfaces {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let settings = &site.project()?.livekit.tree["rtc"]["interfaces"];
        if settings.is_null() {
            return Ok(Vec::new());
        }
        site.shares_network()?;
        Ok(judge(settings, &has_interface))
    }
}

fn judge(settings: &Value, is_here: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let names = |key: &str| -> Vec<String> {
        let names = settings[key].as_array().into_iter().flatten();
        names.filter_map(|n| Some(n.as_str()?.to_owned())).collect()
    };
    let (includes, excludes) = (names("includes"), names("excludes"));
    let none_is_here = !includes.iter().any(|name| is_here(name));
    let mut findings = Vec::new();
    for (key, names) in [("includes", includes), ("excludes", excludes)] {
        for name in names.iter().filter(|name| !is_here(name)) {
            let message = format!("this machine has no interface `{name}`");
            let finding = match key {
                "includes" if none_is_here => Finding::problem(message)
                    .evidence("without any of them the SFU offers no address for media"),
                "includes" => Finding::warning(message),
                _ => Finding::note(message),
            };
            findings.push(
                finding
                    .evidence(format!("livekit.yaml: rtc.interfaces.{key}"))
                    .fix("ip -brief address   shows the names; correct livekit.yaml, then `urbania up`"),
            );
        }
    }
    findings
}
