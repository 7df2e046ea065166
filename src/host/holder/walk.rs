//! From sockets to processes: the kernel tells it only through every process's open files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The processes that have these sockets open; those of other users are invisible to all but root.
pub(super) fn processes(inodes: &BTreeSet<u32>) -> BTreeMap<u32, Vec<u32>> {
    let mut found: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    if inodes.is_empty() {
        return found;
    }
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.parse::<u32>().ok()) else {
            continue;
        };
        for inode in sockets_of(&process.path()) {
            if inodes.contains(&inode) {
                let pids = found.entry(inode).or_default();
                if pids.last() != Some(&pid) {
                    pids.push(pid);
                }
            }
        }
    }
    found
}

/// The inodes of a process's sockets, in no order.
fn sockets_of(process: &Path) -> impl Iterator<Item = u32> {
    fs::read_dir(process.join("fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|file| {
            let target = fs::read_link(file.path()).ok()?;
            let inode = target.to_str()?.strip_prefix("socket:[")?;
            inode.strip_suffix(']')?.parse().ok()
        })
}
