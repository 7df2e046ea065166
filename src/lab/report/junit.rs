//! The report as JUnit's XML, which every CI system shows.

use minijinja::context;
use minijinja::value::Serde;

use super::{Report, Sense, html::rendered};
use crate::error::Result;

#[derive(serde::Serialize)]
struct Case {
    name: String,
    failure: Option<String>,
}

/// A test case for each verdict.
pub fn junit(report: &Report) -> Result<String> {
    let cases = cases(report);
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let template = include_str!("../../../templates/lab/junit.xml");
    rendered(
        "junit.xml",
        template,
        context! {
            scenario => report.scenario.as_str(),
            started_at => report.started_at.as_str(),
            seconds => report.seconds,
            failures,
            cases => Serde(cases),
        },
    )
}

fn cases(report: &Report) -> Vec<Case> {
    let mut cases = Vec::new();
    for who in &report.participants {
        cases.push(Case {
            name: format!("{} joins", who.identity),
            failure: who.reason.clone(),
        });
    }
    for pair in &report.pairs {
        let (from, to) = (&pair.from, &pair.to);
        cases.extend(
            pair.sees
                .as_ref()
                .map(|sense| case(format!("{to} sees {from}"), sense)),
        );
        cases.extend(
            pair.hears
                .as_ref()
                .map(|sense| case(format!("{to} hears {from}"), sense)),
        );
    }
    for check in &report.checks {
        cases.push(Case {
            name: check.name.clone(),
            failure: (!check.passed).then(|| check.detail.clone()),
        });
    }
    for event in &report.events {
        cases.push(Case {
            name: event.what.clone(),
            failure: event.error.clone(),
        });
    }
    if report.interrupted {
        cases.push(Case {
            name: "the call goes on to its end".into(),
            failure: Some(format!("interrupted after {} s", report.seconds)),
        });
    }
    cases
}

fn case<T>(name: String, sense: &Sense<T>) -> Case {
    Case {
        name,
        failure: sense.reason.clone(),
    }
}
