//! Known lines in the logs of services that run.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;

use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::engine::{Engine, Instance, LogLine, LogQuery, State};
use crate::stack::last_words::{Redactor, known, shortened};
use crate::stack::service::Service;

/// The check.
#[derive(Debug)]
pub struct Log;

const ABOUT: About = About {
    code: "health.log",
    group: Group::Health,
    title: "a service that runs has logged a fault that we know",
    looks_at: "The last lines of the SFU's and MongoDB's logs since their start, held against the faults whose words we\n\
        know: webhooks that nobody takes, Redis that is gone, buffers that are small, disks that are full, and others.",
    why: "The service goes on, and the log is where nobody looks. The words are often about something else than the\n\
        cause.",
    fix: "The finding has the way out beside the line. `urbania logs SERVICE` shows the lines around it.",
};

/// So many lines are read of each log.
const LINES: usize = 500;

#[async_trait]
impl Check for Log {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let redactor = Redactor::of(site.project()?);
        let engine = site.engine()?.engine.as_ref();
        let mut findings = Vec::new();
        for service in [Service::Mongodb, Service::Livekit] {
            if let Some(instance) = site
                .instance(service)?
                .filter(|i| i.state == State::Running)
            {
                let lines = lines(engine, instance).await?;
                findings.extend(judge(service, &lines, &redactor));
            }
        }
        Ok(findings)
    }
}

async fn lines(engine: &dyn Engine, instance: &Instance) -> crate::error::Result<Vec<LogLine>> {
    let query = LogQuery {
        tail: Some(LINES),
        since: engine.inspect(&instance.id).await?.started,
        ..LogQuery::default()
    };
    engine.logs(&instance.id, &query).try_collect().await
}

/// One finding for each fault, with the last of its lines.
fn judge(service: Service, lines: &[LogLine], redactor: &Redactor) -> Vec<Finding> {
    let mut found: Vec<(&str, &str, usize, &LogLine)> = Vec::new();
    for line in lines
        .iter()
        .filter(|line| is_complaint(service, &line.text))
    {
        let Some((mark, way)) = known(service, &line.text) else {
            continue;
        };
        match found.iter_mut().find(|(other, ..)| *other == mark) {
            Some((_, _, count, last)) => {
                *count += 1;
                *last = line;
            }
            None => found.push((mark, way, 1, line)),
        }
    }
    let told = found.into_iter().map(|(_, way, count, last)| {
        let times = match count {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        };
        let at = last
            .at
            .map(|at| format!(", last at {at:.0}"))
            .unwrap_or_default();
        let line = shortened(redactor.clean(&last.text));
        Finding::warning(format!("`{service}` has logged a known fault {times}{at}"))
            .evidence(format!("| {line}"))
            .fix(way)
    });
    told.collect()
}

/// LiveKit says how much a line matters; what it only tells is no fault.
fn is_complaint(service: Service, line: &str) -> bool {
    service != Service::Livekit || line.contains("WARN") || line.contains("ERROR")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_once_with_its_last_line() {
        let line = |at: &str, text: &str| LogLine {
            at: at.parse().ok(),
            text: text.into(),
        };
        let lines = [
            line(
                "2026-01-01T00:00:00.5Z",
                "WARN\tlivekit\tfailed to notify webhook {\"event\": 1}",
            ),
            line(
                "2026-01-01T00:00:01.5Z",
                "INFO\tlivekit\tunable to connect to redis",
            ),
            line(
                "2026-01-01T00:00:02.5Z",
                "WARN\tlivekit\tfailed to notify webhook {\"event\": 2}",
            ),
        ];
        let found = judge(Service::Livekit, &lines, &Redactor::default());
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].message,
            "`livekit` has logged a known fault 2 times, last at 2026-01-01T00:00:02Z"
        );
        assert!(
            found[0].evidence[0].ends_with("{\"event\": 2}"),
            "{found:?}"
        );
    }
}
