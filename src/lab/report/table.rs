//! The report for a terminal: a matrix, the figures, and what is wrong.

use std::fmt::Write as _;

use super::{PairResult, Participant, Report};
use crate::lab::statistics::Spread;
use crate::output::{BAD, BOLD, DIM, GOOD, Table};

/// The whole report, without a line end at its end.
pub fn text(report: &Report) -> String {
    let mut parts = vec![heading(report), participants(report)];
    if report.participants.iter().any(|p| p.joined) {
        parts.push(matrix(report));
        parts.extend(pictures(report));
        parts.extend(sounds(report));
    }
    parts.extend(checks(report));
    parts.extend(faults(report));
    parts.join("\n\n")
}

fn heading(report: &Report) -> String {
    let Report {
        scenario,
        url,
        seconds,
        ..
    } = report;
    let with = report.browser.as_deref().unwrap_or("no browser");
    let verdict = report.verdict();
    let style = if report.passed { GOOD } else { BAD };
    format!(
        "{BOLD}{scenario}{BOLD:#}  {style}{verdict}{style:#}  {DIM}{seconds} s at {url}, {with}{DIM:#}"
    )
}

fn participants(report: &Report) -> String {
    let mut table = Table::new(&["participant", "joined in", "media", "sends"]);
    for who in &report.participants {
        table.row([who.identity.clone(), joined(who), way(who), sends(who)]);
    }
    table.to_string()
}

fn joined(who: &Participant) -> String {
    match who.join_ms {
        Some(ms) => format!("{ms:.0} ms"),
        None => format!("{BAD}not at all{BAD:#}"),
    }
}

fn way(who: &Participant) -> String {
    let Some(ice) = &who.ice else {
        return String::new();
    };
    let trip = ice
        .round_trip_ms
        .map_or_else(String::new, |ms| format!(", {ms:.0} ms"));
    format!(
        "{} {} → {} {}{trip}",
        ice.protocol, ice.local, ice.remote, ice.address
    )
}

fn sends(who: &Participant) -> String {
    let sent = who.publishes.iter().map(|published| {
        let codec = published.codec.as_deref().unwrap_or("no codec");
        format!("{} ({codec})", published.media)
    });
    sent.collect::<Vec<_>>().join(", ")
}

/// A row for each viewer, a column for each sender.
fn matrix(report: &Report) -> String {
    let names = || report.participants.iter().map(|p| p.identity.as_str());
    let heading: Vec<&str> = std::iter::once("sees and hears").chain(names()).collect();
    let mut table = Table::new(&heading);
    for to in names() {
        let cells = names().map(|from| {
            let pair = report.pairs.iter().find(|p| p.from == from && p.to == to);
            pair.map_or_else(|| format!("{DIM}·{DIM:#}"), cell)
        });
        table.row(std::iter::once(to.to_owned()).chain(cells));
    }
    table.to_string()
}

/// `yes yes`: first the picture, then the sound; `-` where none is sent.
fn cell(pair: &PairResult) -> String {
    let sees = mark(pair.sees.as_ref().map(|sense| sense.passed));
    let hears = mark(pair.hears.as_ref().map(|sense| sense.passed));
    format!("{sees} {hears}")
}

fn mark(passed: Option<bool>) -> String {
    match passed {
        Some(true) => format!("{GOOD}✓{GOOD:#}"),
        Some(false) => format!("{BAD}✗{BAD:#}"),
        None => format!("{DIM}–{DIM:#}"),
    }
}

fn pictures(report: &Report) -> Option<String> {
    let mut table = Table::new(&[
        "picture", "", "first", "late", "gap", "fps", "stills", "size", "lost", "jitter", "kbit/s",
    ]);
    let mut any = false;
    for pair in &report.pairs {
        let Some(sense) = &pair.sees else { continue };
        any = true;
        let mut row = begin(pair, sense.passed);
        if let Some(m) = &sense.measured {
            row.extend([
                m.first_frame_ms.map_or_else(none, ms),
                m.latency_ms.map_or_else(none, late),
                ms(m.longest_gap_ms),
                format!("{:.1}", m.fps),
                format!("{:.0}", m.freezes),
                format!("{}×{}", m.width, m.height),
                format!("{:.1} %", m.loss_percent),
                ms(m.jitter_ms),
                format!("{:.0}", m.kbps),
            ]);
        }
        table.row(row);
    }
    any.then(|| table.to_string())
}

fn sounds(report: &Report) -> Option<String> {
    let mut table = Table::new(&["sound", "", "tone", "lost", "jitter", "kbit/s"]);
    let mut any = false;
    for pair in &report.pairs {
        let Some(sense) = &pair.hears else { continue };
        any = true;
        let mut row = begin(pair, sense.passed);
        if let Some(m) = &sense.measured {
            row.extend([
                m.hertz.map_or_else(none, |hertz| format!("{hertz} Hz")),
                format!("{:.1} %", m.loss_percent),
                ms(m.jitter_ms),
                format!("{:.0}", m.kbps),
            ]);
        }
        table.row(row);
    }
    any.then(|| table.to_string())
}

fn begin(pair: &PairResult, passed: bool) -> Vec<String> {
    let pair = format!("{} → {}", pair.from, pair.to);
    vec![pair, mark(Some(passed))]
}

/// The middle, and what 95 of 100 pictures keep to.
fn late(spread: Spread) -> String {
    format!("{:.0}, {:.0} ms", spread.p50, spread.p95)
}

fn ms(ms: f64) -> String {
    format!("{ms:.0} ms")
}

fn none() -> String {
    "–".to_owned()
}

fn checks(report: &Report) -> Option<String> {
    let lines = report.checks.iter().map(|check| {
        let mark = mark(Some(check.passed));
        format!("{mark} {}: {DIM}{}{DIM:#}", check.name, check.detail)
    });
    let happened = report.events.iter().map(|event| {
        let mark = mark(Some(event.error.is_none()));
        format!("{mark} after {} s {}", event.at, event.what)
    });
    let lines: Vec<String> = happened.chain(lines).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn faults(report: &Report) -> Option<String> {
    let mut text = String::new();
    for fault in report.faults() {
        let separator = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{separator}{BAD}✗{BAD:#} {fault}");
    }
    (!text.is_empty()).then_some(text)
}
