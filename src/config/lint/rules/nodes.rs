//! Redis, the choice of a node, and what nodes tell each other.

use super::File;
use crate::config::Effect;

pub fn judge(file: &mut File) {
    redis(file);
    selector(file);
    buffers(file);
    statistics(file);
}

fn redis(file: &mut File) {
    let Some(redis) = file.at("redis").and_then(|redis| redis.as_object()) else {
        return;
    };
    let has_list = |list: &str| file.list(list).is_some_and(|items| !items.is_empty());
    let is_used = !file.text("redis.address").is_empty()
        || has_list("redis.sentinel_addresses")
        || has_list("redis.cluster_addresses");
    if is_used {
        let message = "LiveKit starts only if this Redis answers, and then as one of many nodes";
        file.found("redis", Effect::Depends, message);
    } else if !redis.is_empty() {
        file.ignores("redis", "without effect without redis.address");
    }
}

fn selector(file: &mut File) {
    let kind = file.text("node_selector.kind");
    match kind {
        "" | "any" | "cpuload" | "sysload" => {}
        "random" => {
            let message = "deprecated; its new name is `any`";
            file.found("node_selector.kind", Effect::Warns, message);
        }
        "regionaware" => regions(file),
        _ => {
            let message = format!("`{kind}` is not one of any, cpuload, sysload, regionaware");
            file.refuses("node_selector.kind", message);
        }
    }
    let sorts = [
        "random",
        "sysload",
        "cpuload",
        "rooms",
        "clients",
        "tracks",
        "bytespersec",
    ];
    choice(file, "node_selector.sort_by", &sorts);
    choice(file, "node_selector.algorithm", &["lowest", "twochoice"]);
}

fn regions(file: &mut File) {
    let region = file.text("region");
    let regions = file.list("node_selector.regions").into_iter().flatten();
    let mut names = regions
        .map(|one| one["name"].as_str().unwrap_or_default())
        .peekable();
    if region.is_empty() {
        file.refuses("node_selector.kind", "regionaware needs `region`");
    } else if names.peek().is_some() && !names.any(|name| name == region) {
        let message = format!("`{region}` is not the name of one of node_selector.regions");
        file.refuses("region", message);
    }
}

/// LiveKit looks at it when the first room is made.
fn choice(file: &mut File, path: &str, choices: &[&str]) {
    if file.is_set(path) && !choices.contains(&file.text(path)) {
        let message = format!(
            "`{}` is not one of {}; nobody can join",
            file.text(path),
            choices.join(", ")
        );
        file.found(path, Effect::Fails, message);
    }
}

fn buffers(file: &mut File) {
    for path in ["psrpc.buffer_size", "signal_relay.stream_buffer_size"] {
        if file.int(path, 0) < 0 {
            file.refuses(path, "less than 0");
        }
    }
}

fn statistics(file: &mut File) {
    const UPDATE: &str = "node_stats.stats_update_interval";
    const INTERVALS: &str = "node_stats.stats_rate_measurement_intervals";
    match file.duration(UPDATE) {
        Some(update) if update <= 0.0 => file.refuses(UPDATE, "must be more than 0"),
        Some(update) if update > 4e9 => {
            let message = "more than 4s: LiveKit says that it is not ready, time and again";
            file.found(UPDATE, Effect::Fails, message);
        }
        _ => {}
    }
    if file.list(INTERVALS).is_some_and(Vec::is_empty) {
        let message = "an empty list: LiveKit ends when it first counts";
        file.found(INTERVALS, Effect::Fails, message);
    }
    let forward = ["summary_interval", "report_interval", "report_window"]
        .map(|key| format!("rtc.forward_stats.{key}"));
    let values = forward
        .clone()
        .map(|path| file.duration(&path).unwrap_or(0.0));
    if values.contains(&0.0) {
        return;
    }
    for (path, value) in forward[..2].iter().zip(values) {
        if value < 0.0 {
            file.refuses(path, "less than 0");
        }
    }
}
