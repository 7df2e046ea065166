//! Interfaces and addresses that livekit.yaml keeps the SFU to, and what this machine has of them.

use std::net::IpAddr;

use async_trait::async_trait;
use serde_json::Value;

use crate::doctor::{About, Check, Finding, Group, Look, Site, Verdict};
use crate::host::address::{Own, has_interface, own_addresses};

/// The check.
#[derive(Debug)]
pub struct Interfaces;

const ABOUT: About = About {
    code: "address.interfaces",
    group: Group::Address,
    title: "livekit.yaml names network interfaces that are not there, or leaves the SFU no address",
    looks_at: "`rtc.interfaces.includes` and `rtc.interfaces.excludes` of livekit.yaml, against the interfaces of this\n\
        machine, and with them `rtc.ips`: whether they leave an address that other machines reach. Where the SFU has\n\
        this machine's network.",
    why: "The names of interfaces differ from machine to machine: `eth0`, `enp3s0`, `wlan0`. With `includes`, LiveKit\n\
        offers the addresses of those alone: without any of them it offers none, and nobody sees or hears anybody. An\n\
        interface under `excludes` with another name is not kept out. And where the only network is excluded, or a\n\
        bridge of containers alone is included, `rtc.node_ip` does not help: nobody listens there.",
    fix: "`ip -brief address` shows the names. Correct them in livekit.yaml, or take `rtc.interfaces` and\n\
        `rtc.ips` out, then `urbania up`.",
};

#[async_trait]
impl Check for Interfaces {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let rtc = &site.project()?.livekit.tree["rtc"];
        if rtc["interfaces"].is_null() && rtc["ips"].is_null() {
            return Ok(Vec::new());
        }
        site.runs_livekit()?;
        site.shares_network()?;
        let named = judge(&rtc["interfaces"], &has_interface);
        if named.iter().any(|f| f.verdict == Verdict::Problem) {
            return Ok(named);
        }
        Ok(named
            .into_iter()
            .chain(filtered(rtc, &own_addresses()))
            .collect())
    }
}

/// What says that no address is left, where there is one to leave.
fn filtered(rtc: &Value, own: &[Own]) -> Option<Finding> {
    let mut usable = own.iter().filter(|own| !own.is_inside()).peekable();
    usable.peek()?;
    if usable.any(|own| is_left(rtc, own)) {
        return None;
    }
    let message = "livekit.yaml leaves the SFU no address of this machine that others reach";
    let mut finding = Finding::problem(message);
    for list in ["interfaces", "ips"] {
        for key in ["includes", "excludes"] {
            let names = names(&rtc[list], key);
            if !names.is_empty() {
                finding = finding.evidence(format!("rtc.{list}.{key}: {}", names.join(", ")));
            }
        }
    }
    let shown = own.iter().map(|own| match &own.interface {
        Some(interface) => format!("{} ({interface})", own.ip),
        None => own.ip.to_string(),
    });
    let shown: Vec<String> = shown.collect();
    Some(
        finding
            .evidence(format!("this machine has {}", shown.join(", ")))
            .fix("let one of them in, or take rtc.interfaces and rtc.ips out of livekit.yaml; then `urbania up`"),
    )
}

/// As LiveKit decides it: what is included counts alone, and where nothing is, what is not excluded.
fn is_left(rtc: &Value, own: &Own) -> bool {
    let passes = |list: &Value, is: &dyn Fn(&str) -> bool| {
        let (includes, excludes) = (names(list, "includes"), names(list, "excludes"));
        match includes.as_slice() {
            [] => !excludes.iter().any(|one| is(one)),
            some => some.iter().any(|one| is(one)),
        }
    };
    let by_interface = own
        .interface
        .as_deref()
        .is_none_or(|interface| passes(&rtc["interfaces"], &|name| name == interface));
    by_interface && passes(&rtc["ips"], &|network| is_within(own.ip, network))
}

/// Whether an address is in `10.0.0.0/8`.
fn is_within(ip: IpAddr, network: &str) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()) << 96, true),
        IpAddr::V6(ip) => (ip.to_bits(), false),
    };
    let Some((begin, length)) = network.split_once('/') else {
        return false;
    };
    let (Ok(begin), Ok(length)) = (begin.parse(), length.parse::<u32>()) else {
        return false;
    };
    let ((ip, is_four), (begin, begins_four)) = (bits(ip), bits(begin));
    let differ = (ip ^ begin).checked_shr(128_u32.saturating_sub(length));
    is_four == begins_four && differ.unwrap_or(0) == 0
}

fn names(settings: &Value, key: &str) -> Vec<String> {
    let names = settings[key].as_array().into_iter().flatten();
    names.filter_map(|n| Some(n.as_str()?.to_owned())).collect()
}

fn judge(settings: &Value, is_here: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let (includes, excludes) = (names(settings, "includes"), names(settings, "excludes"));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_that_leaves_no_address_for_others_is_told_and_others_are_not() {
        let own = [("10.9.0.5", "eth0"), ("172.17.0.1", "docker0")].map(|(ip, interface)| Own {
            ip: ip.parse().unwrap(),
            interface: Some(interface.into()),
        });
        for (rtc, is_told) in [
            (json!({"interfaces": {"excludes": ["eth0"]}}), true),
            (json!({"interfaces": {"includes": ["docker0"]}}), true),
            (
                json!({"interfaces": {"includes": ["eth0"], "excludes": ["eth0"]}}),
                false,
            ),
            (json!({"ips": {"includes": ["192.168.0.0/16"]}}), true),
            (json!({"ips": {"includes": ["fd00::/8"]}}), true),
            (json!({"ips": {"excludes": ["0.0.0.0/0"]}}), true),
            (json!({"ips": {"includes": ["10.9.0.5/32"]}}), false),
            (
                json!({"ips": {"includes": ["192.168.0.0/16", "10.0.0.0/8"]}}),
                false,
            ),
            (json!({"ips": {"excludes": ["172.16.0.0/12"]}}), false),
            (json!({}), false),
        ] {
            assert_eq!(filtered(&rtc, &own).is_some(), is_told, "{rtc}");
        }
        // Without a network, there is none to leave.
        let rtc = json!({"interfaces": {"excludes": ["eth0"]}});
        assert_eq!(filtered(&rtc, &own[1..]), None);
    }
}
