//! Whether the machine is large enough for the rooms that are allowed.

use async_trait::async_trait;

use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Capacity;

const ABOUT: About = About {
    code: "machine.capacity",
    group: Group::Machine,
    title: "the machine is small for the rooms that are allowed",
    looks_at: "Memory that is free, and the processors that this command may use, against `room.max_participants` of\n\
        livekit.yaml: about fifty participants with cameras a processor.",
    why: "An SFU sends each picture to everybody else: work grows with the square of the room. When it falls behind,\n\
        everybody's picture freezes at once. Without memory the kernel ends MongoDB or the SFU.",
    fix: "A larger machine, or `room: {max_participants: N}` in livekit.yaml. `urbania down --all` stops other\n\
        projects of the machine.",
};

/// With cameras on.
const PARTICIPANTS_PER_CPU: usize = 50;
/// MongoDB and the SFU want about so much to begin with.
const LITTLE_MEMORY: u64 = 512;

#[async_trait]
impl Check for Capacity {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let mut findings = Vec::new();
        if let Ok(project) = site.project() {
            let cpus = std::thread::available_parallelism().map_or(1, usize::from);
            let largest =
                usize::try_from(project.livekit.room.max_participants).unwrap_or(usize::MAX);
            findings.extend(processors(cpus, largest));
        }
        let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        findings.extend(available(&text).and_then(memory));
        Ok(findings)
    }
}

fn processors(cpus: usize, largest_room: usize) -> Option<Finding> {
    if largest_room <= cpus * PARTICIPANTS_PER_CPU {
        return None;
    }
    let there = match cpus {
        1 => "is 1 processor".to_owned(),
        n => format!("are {n} processors"),
    };
    let message = format!("room.max_participants is {largest_room}, and there {there}");
    let enough = cpus * PARTICIPANTS_PER_CPU;
    let way = format!("livekit.yaml: room: {{max_participants: {enough}}}, or a larger machine");
    Some(
        Finding::note(message)
            .evidence("an SFU serves about fifty cameras a processor")
            .fix(way),
    )
}

/// `MemAvailable` in MiB.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes >> 10)
}

fn memory(mebibytes: u64) -> Option<Finding> {
    (mebibytes < LITTLE_MEMORY).then(|| {
        Finding::warning(format!("{mebibytes} MiB of memory are free"))
            .evidence("the kernel ends processes when there is none: `health.ended` tells")
            .fix("end what is not needed; `urbania down --all` stops other projects")
    })
}
