//! What the firewall of this machine does with a packet from outside: nftables' rules, read and
//! followed. Where a rule cannot be understood, nothing is claimed.

mod rules;

use std::process::Stdio;

use tokio::process::Command;

pub use rules::{Fate, Packet, fate};

/// All rules as `nft` prints them for programs.
pub async fn ruleset() -> Result<serde_json::Value, String> {
    let output = Command::new("nft")
        .args(["-j", "list", "ruleset"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|_| "`nft` is not installed, so the firewall's rules are not seen".to_owned())?;
    if !output.status.success() {
        return Err("only root sees the firewall's rules: sudo urbania doctor".to_owned());
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|_| "`nft` does not say the firewall's rules as JSON".to_owned())
}
