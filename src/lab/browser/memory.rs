//! How many participants this machine has memory for.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::error::{Error, Result};

const MIB: u64 = 1 << 20;

/// What Chromium takes before anybody joins, and what each participant takes; Chromium 156 took 820 MiB for two at
/// 640 × 360, 1431 for four and 1551 for six.
const BROWSER: u64 = 350 * MIB;
const PARTICIPANT: u64 = 220 * MIB;
/// What each participant takes for each other one: a decoder, its frames, a canvas.
const STREAM: u64 = 12 * MIB;

/// Fails where so many participants would not fit.
pub fn fits(participants: usize) -> Result<()> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let free = System::new_with_specifics(memory).map_or(0, |s| s.available_memory());
    // Where it cannot be told, nothing is forbidden.
    if free == 0 {
        return Ok(());
    }
    judge(participants as u64, free)
}

fn judge(participants: u64, free: u64) -> Result<()> {
    let need = need(participants);
    if need <= free {
        return Ok(());
    }
    let error = Error::failed(format!(
        "{participants} participants need about {} MiB of memory, and {} MiB are free",
        need / MIB,
        free / MIB
    ));
    let most = (2..participants)
        .rev()
        .find(|fewer| self::need(*fewer) <= free);
    Err(match most {
        Some(most) => error.hint(format!("--participants {most}   fits")),
        None => error,
    })
}

fn need(participants: u64) -> u64 {
    BROWSER + participants * (PARTICIPANT + participants.saturating_sub(1) * STREAM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_fit_is_told_how_many_would() {
        assert!(judge(4, 2048 * MIB).is_ok());
        let error = judge(12, 1500 * MIB).unwrap_err();
        assert_eq!(
            error.to_string(),
            "12 participants need about 4574 MiB of memory, and 1500 MiB are free"
        );
        assert_eq!(error.hints(), ["--participants 4   fits"]);
        assert!(judge(2, 100 * MIB).unwrap_err().hints().is_empty());
    }
}
