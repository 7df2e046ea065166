//! The report as a page that needs nothing else: figures, plots over time, and what each participant saw.

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::plot::{Line, Plot, plot};
use super::{PairResult, Participant, Report, Sense};
use crate::error::{Context as _, Result};
use crate::lab::record::Sample;

/// The page.
pub fn html(report: &Report) -> Result<String> {
    let template = include_str!("../../../templates/lab/report.html");
    rendered(
        "report.html",
        template,
        context! {
            report => Serde(report),
            verdict => report.verdict(),
            faults => report.faults(),
            matrix => Serde(matrix(report)),
            plots => Serde(plots(report)),
            screenshots => Serde(screenshots(report)),
            colours => Serde(colours(report)),
        },
    )
}

/// A template with its values, escaped for HTML and XML.
pub fn rendered(name: &str, template: &str, values: Value) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .render_named_str(name, template, values)
        .or_fail(|| format!("cannot write {name}"))
}

#[derive(Serialize)]
struct Row {
    to: String,
    cells: Vec<Option<Cell>>,
}

#[derive(Serialize)]
struct Cell {
    sees: Option<bool>,
    hears: Option<bool>,
    why: String,
}

fn matrix(report: &Report) -> Vec<Row> {
    let names = || report.participants.iter().map(|p| p.identity.as_str());
    let cell = |to: &str, from: &str| {
        let pair = report.pairs.iter().find(|p| p.from == from && p.to == to)?;
        let reasons: Vec<&str> = pair.reasons().collect();
        Some(Cell {
            sees: passed(pair.sees.as_ref()),
            hears: passed(pair.hears.as_ref()),
            why: reasons.join("; "),
        })
    };
    names()
        .map(|to| Row {
            to: to.to_owned(),
            cells: names().map(|from| cell(to, from)).collect(),
        })
        .collect()
}

fn passed<T>(sense: Option<&Sense<T>>) -> Option<bool> {
    sense.map(|sense| sense.passed)
}

#[derive(Serialize)]
struct Shown {
    title: &'static str,
    unit: &'static str,
    svg: String,
}

fn plots(report: &Report) -> Vec<Shown> {
    let one = |title, unit, of: fn(&PairResult) -> bool, value: fn(&Sample) -> Option<f64>| Shown {
        title,
        unit,
        svg: plot(&Plot {
            lines: report
                .pairs
                .iter()
                .filter(|pair| of(pair))
                .map(|pair| line(report, pair, value))
                .collect(),
            seconds: f64::from(report.seconds),
            marks: report
                .events
                .iter()
                .map(|event| f64::from(event.at))
                .collect(),
        }),
    };
    let sent = |pair: &PairResult| pair.sees.is_some() || pair.hears.is_some();
    let seen = |pair: &PairResult| pair.sees.is_some();
    let of_pictures = report.pairs.iter().any(seen).then(|| {
        [
            one("How late pictures are", "ms", seen, |s| s.latency_ms),
            one("Pictures", "per second", seen, |s| Some(s.fps)),
        ]
    });
    let of_all = [
        one("Received", "kbit/s", sent, |s| Some(s.kbps)),
        one("Lost packets", "%", sent, |s| Some(s.loss)),
    ];
    of_pictures.into_iter().flatten().chain(of_all).collect()
}

/// The colour is the sender's.
fn line(report: &Report, pair: &PairResult, value: fn(&Sample) -> Option<f64>) -> Line {
    // The first sample has nothing to compare with.
    let points = pair.samples.iter().skip(1);
    Line {
        name: format!("{} → {}", pair.from, pair.to),
        colour: colour(&report.participants, &pair.from),
        points: points.filter_map(|s| Some((s.at, value(s)?))).collect(),
    }
}

fn colour(participants: &[Participant], identity: &str) -> &'static str {
    let who = participants.iter().find(|who| who.identity == identity);
    who.map_or("#888", |who| who.colour)
}

#[derive(Serialize)]
struct Named<'a> {
    identity: &'a str,
    value: &'a str,
}

fn screenshots(report: &Report) -> Vec<Named<'_>> {
    let taken = report.screenshots.iter();
    taken
        .map(|(identity, value)| Named { identity, value })
        .collect()
}

fn colours(report: &Report) -> Vec<Named<'_>> {
    let colours = report.participants.iter().map(|who| Named {
        identity: &who.identity,
        value: who.colour,
    });
    colours.collect()
}
