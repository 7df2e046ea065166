//! What the firewall of this machine does with a packet from outside: the rules of nftables and of both kinds of
//! iptables, for IPv4 and IPv6, read and followed. Where a rule cannot be understood, nothing is claimed.

mod iptables;
mod nft;
mod rules;

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

pub use rules::{Family, Fate, Packet, Tool};

/// All rules, as their own programs say them.
#[derive(Debug)]
pub struct Rules {
    nft: Value,
    /// Those of iptables, for each kind of addresses.
    iptables: Vec<(Family, Saved)>,
}

/// What `iptables-save`, or `ip6tables-save`, says.
#[derive(Debug)]
struct Saved {
    /// Of its rules among those of nftables.
    of_nft: Option<String>,
    /// Of those in the kernel's older tables.
    legacy: Option<String>,
}

impl Rules {
    /// Reads all rules for packets of these families; only root may.
    pub async fn read(families: &[Family]) -> Result<Self, String> {
        let nft = ruleset().await;
        // `nft` keeps the parameters of what iptables alone knows to itself.
        let has_extensions = nft.as_ref().map_or(true, nft::has_extensions);
        let mut iptables = Vec::new();
        for family in families {
            iptables.push((*family, Saved::read(*family, has_extensions).await));
        }
        let nft = match nft {
            Err(_) if iptables.iter().any(|(_, saved)| saved.is_there()) => Value::Null,
            nft => nft?,
        };
        Ok(Self { nft, iptables })
    }

    /// The ports at which what becomes of a packet may change.
    pub fn edges(&self) -> BTreeSet<u16> {
        let saved = self.iptables.iter().map(|(_, saved)| saved);
        let texts = saved.flat_map(|saved| [&saved.of_nft, &saved.legacy]);
        let of_iptables = texts.flatten().flat_map(|text| iptables::ports(text));
        let named: BTreeSet<u16> = nft::numbers(&self.nft)
            .into_iter()
            .chain(of_iptables)
            .collect();
        let after = named.iter().filter_map(|port| port.checked_add(1));
        after.chain(named.iter().copied()).collect()
    }

    /// What becomes of a packet.
    pub fn fate(&self, packet: Packet) -> Fate {
        let of_family = |(family, _): &&(Family, Saved)| *family == packet.family;
        let saved = self.iptables.iter().find(of_family).map(|(_, saved)| saved);
        let read = |text: Option<&String>| {
            text.map_or_else(Vec::new, |text| iptables::chains(text, packet))
        };
        let of_nft = read(saved.and_then(|saved| saved.of_nft.as_ref()));
        let legacy = read(saved.and_then(|saved| saved.legacy.as_ref()));
        let mut nft = nft::chains(&self.nft, packet);
        // A table that iptables has written stands in both, and iptables knows more of it.
        nft.retain(|chain| of_nft.iter().all(|other| other.table != chain.table));
        let fates = [nft, of_nft, legacy].map(|chains| rules::fate(&chains));
        let mut dropped = fates.into_iter().filter(|fate| *fate != Fate::MayPass);
        dropped.next().unwrap_or(Fate::MayPass)
    }
}

impl Saved {
    async fn read(family: Family, has_extensions: bool) -> Self {
        let [nft, legacy, either] = match family {
            Family::V4 => ["iptables-nft-save", "iptables-legacy-save", "iptables-save"],
            Family::V6 => [
                "ip6tables-nft-save",
                "ip6tables-legacy-save",
                "ip6tables-save",
            ],
        };
        let of_nft = if has_extensions {
            saved(&[nft, either], true).await
        } else {
            None
        };
        let legacy = if has_legacy_tables(family) {
            saved(&[legacy, either], false).await
        } else {
            None
        };
        Self { of_nft, legacy }
    }

    fn is_there(&self) -> bool {
        self.of_nft.is_some() || self.legacy.is_some()
    }
}

/// All rules of nftables as `nft` prints them for programs.
async fn ruleset() -> Result<Value, String> {
    let text = printed("nft", &["-j", "list", "ruleset"])
        .await
        .ok_or("`nft` is not installed, so the firewall's rules are not seen")?
        .ok_or("only root sees the firewall's rules: sudo urbania doctor")?;
    serde_json::from_str(&text)
        .map_err(|_| "`nft` does not say the firewall's rules as JSON".to_owned())
}

/// What the first of these programs that is for rules of this kind prints.
async fn saved(programs: &[&str], in_nft: bool) -> Option<String> {
    for program in programs {
        if let Some(Some(text)) = printed(program, &[]).await
            && iptables::is_of_nft(&text) == in_nft
        {
            return Some(text);
        }
    }
    None
}

/// What a program prints: none where it is not installed, nothing where it fails.
async fn printed(program: &str, args: &[&str]) -> Option<Option<String>> {
    let run = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = run.await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(output.status.success().then_some(text))
}

/// Whether somebody uses the kernel's older tables. To ask their program would load them.
fn has_legacy_tables(family: Family) -> bool {
    let names = format!("/proc/net/{}_tables_names", family.word());
    fs::read_to_string(names).is_ok_and(|names| !names.is_empty())
}
