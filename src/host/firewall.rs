//! What the firewall of this machine does with a packet from outside: the rules of nftables and of both kinds of
//! iptables, read and followed. Where a rule cannot be understood, nothing is claimed.

mod iptables;
mod nft;
mod rules;

use std::fs;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

pub use rules::{Fate, Packet, Tool};

/// All rules, as their own programs say them.
#[derive(Debug)]
pub struct Rules {
    nft: Value,
    /// What `iptables-save` says of its rules among those of nftables.
    of_nft: Option<String>,
    /// And of those in the kernel's older tables.
    legacy: Option<String>,
}

impl Rules {
    /// Reads all rules; only root may.
    pub async fn read() -> Result<Self, String> {
        let nft = ruleset().await;
        // `nft` keeps the parameters of what iptables alone knows to itself.
        let of_nft = if nft.as_ref().map_or(true, nft::has_extensions) {
            saved(&["iptables-nft-save", "iptables-save"], true).await
        } else {
            None
        };
        let legacy = if has_legacy_tables() {
            saved(&["iptables-legacy-save", "iptables-save"], false).await
        } else {
            None
        };
        let nft = match nft {
            Err(_) if of_nft.is_some() || legacy.is_some() => Value::Null,
            nft => nft?,
        };
        Ok(Self {
            nft,
            of_nft,
            legacy,
        })
    }

    /// What becomes of a packet.
    pub fn fate(&self, packet: Packet) -> Fate {
        let read = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            iptables::chains(text, packet)
        };
        let (of_nft, legacy) = (read(&self.of_nft), read(&self.legacy));
        let mut nft = nft::chains(&self.nft, packet);
        // A table that iptables has written stands in both, and iptables knows more of it.
        nft.retain(|chain| of_nft.iter().all(|other| other.table != chain.table));
        let fates = [nft, of_nft, legacy].map(|chains| rules::fate(&chains));
        let mut dropped = fates.into_iter().filter(|fate| *fate != Fate::MayPass);
        dropped.next().unwrap_or(Fate::MayPass)
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
fn has_legacy_tables() -> bool {
    fs::read_to_string("/proc/net/ip_tables_names").is_ok_and(|names| !names.is_empty())
}
