//! What services that run complain of in their logs.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use serde_json::Value;

use super::times;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::engine::{LogLine, LogQuery, State};
use crate::host::process::facts;
use crate::stack::api::ApiFiles;
use crate::stack::last_words::{Redactor, known, shortened};
use crate::stack::logs::of_api;
use crate::stack::service::Service;

/// The check.
#[derive(Debug)]
pub struct Log;

const ABOUT: About = About {
    code: "health.log",
    group: Group::Health,
    title: "a service that runs has logged a fault",
    looks_at: "The last lines of the logs of the SFU, MongoDB and the API since their start, held against the faults whose\n\
        words we know: webhooks that nobody takes, Redis that is gone, buffers that are small, disks that are full, and\n\
        others. Errors that we do not know are shown as they are, the last three of a service, without its secrets.",
    why: "The service goes on, and the log is where nobody looks. The words are often about something else than the\n\
        cause.",
    fix: "The finding has the way out beside the line, where one is known. `urbania logs SERVICE` shows the lines\n\
        around it.",
};

/// So many lines are read of each log.
const LINES: usize = 500;
/// So many errors of a service are shown that nobody knows.
const UNKNOWN: usize = 3;

#[async_trait]
impl Check for Log {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let redactor = Redactor::of(site.project()?);
        let mut findings = Vec::new();
        // The API's is a file, which is there without an engine, too.
        for service in [Service::Api, Service::Mongodb, Service::Livekit] {
            let lines = match service {
                Service::Api => lines_of_api(site).await?,
                _ => lines(site, service).await?,
            };
            findings.extend(judge(service, &lines, &redactor));
        }
        Ok(findings)
    }
}

/// What a container has written since it was started.
async fn lines(site: &Site, service: Service) -> Result<Vec<LogLine>, Blind> {
    let engine = site.engine()?.engine.as_ref();
    let instance = site.instance(service)?;
    let Some(instance) = instance.filter(|i| i.state == State::Running) else {
        return Ok(Vec::new());
    };
    let query = LogQuery {
        tail: Some(LINES),
        since: engine.inspect(&instance.id).await?.started,
        ..LogQuery::default()
    };
    Ok(engine.logs(&instance.id, &query).try_collect().await?)
}

async fn lines_of_api(site: &Site) -> Result<Vec<LogLine>, Blind> {
    let Some(api) = site.api() else {
        return Ok(Vec::new());
    };
    let query = LogQuery {
        tail: Some(LINES),
        since: facts(&[api.pid]).remove(&api.pid).map(|f| f.started),
        ..LogQuery::default()
    };
    let log = ApiFiles::of(site.project()?).log;
    Ok(of_api(log, query).try_collect().await?)
}

/// A fault, and the last of its lines.
struct Told<'a> {
    /// What is the same in all its lines.
    gist: String,
    /// The way out, where one is known.
    way: Option<&'static str>,
    count: u64,
    last: &'a LogLine,
}

/// One finding for each fault.
fn judge(service: Service, lines: &[LogLine], redactor: &Redactor) -> Vec<Finding> {
    let mut all: Vec<Told> = Vec::new();
    for line in lines {
        let Some((gist, way)) = fault(service, &line.text) else {
            continue;
        };
        let before = all.iter().position(|told| told.gist == gist);
        let count = before.map_or(0, |n| all.remove(n).count);
        // The latest is the last.
        all.push(Told {
            gist,
            way,
            count: count + 1,
            last: line,
        });
    }
    let unknown = all.iter().filter(|told| told.way.is_none()).count();
    let mut left_out = unknown.saturating_sub(UNKNOWN);
    all.retain(|told| {
        let is_left_out = told.way.is_none() && left_out > 0;
        left_out -= usize::from(is_left_out);
        !is_left_out
    });
    all.iter()
        .map(|told| told.finding(service, redactor))
        .collect()
}

/// What a line complains of: what is the same in all such lines, and the way out.
fn fault(service: Service, line: &str) -> Option<(String, Option<&'static str>)> {
    let severity = Severity::of(line);
    // What LiveKit only tells is no fault. MongoDB says how much a line matters in its own way.
    let may_be_known = service == Service::Mongodb || severity.is_some();
    let found = if may_be_known {
        known(service, line)
    } else {
        None
    };
    match found {
        Some((mark, way)) => Some((mark.to_owned(), Some(way))),
        None => (severity == Some(Severity::Error)).then(|| (gist(line), None)),
    }
}

/// How much a line matters, where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Warning,
    Error,
}

impl Severity {
    /// By the words of LiveKit, MongoDB and ours, which stand at the beginning or in JSON.
    fn of(line: &str) -> Option<Self> {
        if let Ok(Value::Object(fields)) = serde_json::from_str(line) {
            let level = ["level", "s"]
                .iter()
                .find_map(|name| fields.get(*name)?.as_str());
            return match level?.to_ascii_lowercase().as_str() {
                "warn" | "w" => Some(Self::Warning),
                "error" | "dpanic" | "panic" | "fatal" | "e" | "f" => Some(Self::Error),
                _ => None,
            };
        }
        line.split_ascii_whitespace()
            .take(2)
            .find_map(|word| match word {
                "WARN" => Some(Self::Warning),
                "ERROR" | "DPANIC" | "PANIC" | "FATAL" => Some(Self::Error),
                _ => None,
            })
    }
}

/// A line without what is different each time: its time, its fields, its numbers.
fn gist(line: &str) -> String {
    let message = match serde_json::from_str(line) {
        Ok(Value::Object(fields)) => ["msg", "message"]
            .iter()
            .find_map(|name| Some(fields.get(*name)?.as_str()?.to_owned())),
        _ => None,
    };
    let message = message.unwrap_or_else(|| line.split('{').next().unwrap_or(line).to_owned());
    message.replace(|c: char| c.is_ascii_digit(), "")
}

impl Told<'_> {
    fn finding(&self, service: Service, redactor: &Redactor) -> Finding {
        let times = times(self.count);
        let at = self.last.at.map(|at| format!(", last at {at:.0}"));
        let at = at.unwrap_or_default();
        let line = shortened(redactor.clean(self.last.text.trim()));
        let evidence = format!("| {line}");
        match self.way {
            Some(way) => {
                Finding::warning(format!("`{service}` has logged a known fault {times}{at}"))
                    .evidence(evidence)
                    .fix(way)
            }
            None => Finding::note(format!("`{service}` has logged an error {times}{at}"))
                .evidence(evidence)
                .fix(format!(
                    "urbania logs {service}   shows the lines around it"
                )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn line(second: u8, text: &str) -> LogLine {
        LogLine {
            at: format!("2026-01-01T00:00:0{second}.5Z").parse().ok(),
            text: text.into(),
        }
    }

    #[test]
    fn each_fault_is_told_once_with_its_last_line() {
        let lines = [
            line(
                0,
                "2026-01-01T00:00:00.1Z\tWARN\tlivekit.webhook\twebhook/resource_url_notifier.go:331\tfailed to send webhook\t{\"event\": \"room_started\"}",
            ),
            line(1, "INFO\tlivekit\tunable to connect to redis"),
            line(
                2,
                "2026-01-01T00:00:02.1Z\tWARN\tlivekit.webhook\twebhook/resource_url_notifier.go:331\tfailed to send webhook\t{\"event\": \"room_finished\"}",
            ),
        ];
        let found = judge(Service::Livekit, &lines, &Redactor::default());
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].message,
            "`livekit` has logged a known fault 2 times, last at 2026-01-01T00:00:02Z"
        );
        assert!(
            found[0].evidence[0].ends_with("{\"event\": \"room_finished\"}"),
            "{found:?}"
        );
    }

    #[test]
    fn errors_that_nobody_knows_are_shown_as_they_are_the_last_three() {
        let error = |n: u8, what: &str| {
            let text = format!(
                "2026-01-01T00:00:0{n}.5Z\tERROR\tlivekit\trtc/a.go:{n}\t{what}\t{{\"n\": {n}}}"
            );
            line(n, &text)
        };
        let lines = [
            error(0, "one"),
            error(1, "two"),
            error(2, "three"),
            error(3, "one"),
            error(4, "four"),
            line(
                5,
                "2026-01-01T00:00:05.5Z\tWARN\tlivekit\trtc/b.go:5\tof no weight",
            ),
        ];
        let found = judge(Service::Livekit, &lines, &Redactor::default());
        let last: Vec<_> = found.iter().map(|f| f.evidence[0].as_str()).collect();
        assert_eq!(last.len(), 3, "{last:?}");
        for (line, what) in last.iter().zip(["three", "one", "four"]) {
            assert!(line.contains(&format!("\t{what}\t")), "{last:?}");
        }
        assert_eq!(found[1].verdict, Verdict::Note);
        assert!(
            found[1]
                .message
                .starts_with("`livekit` has logged an error 2 times")
        );
    }

    #[test]
    fn every_service_says_in_its_own_way_how_much_a_line_matters() {
        use Severity::{Error, Warning};
        for (line, expected) in [
            (
                "2026-01-01T00:00:00.1Z\tERROR\tlivekit\ta.go:1\tno\t{}",
                Some(Error),
            ),
            (
                "2026-01-01T00:00:00.1Z\tINFO\tlivekit\ta.go:1\tno ERROR\t{}",
                None,
            ),
            ("{\"level\":\"warn\",\"msg\":\"no\"}", Some(Warning)),
            ("{\"t\":{},\"s\":\"E\",\"msg\":\"no\"}", Some(Error)),
            ("{\"t\":{},\"s\":\"I\",\"msg\":\"no\"}", None),
            (" WARN the SFU does not answer", Some(Warning)),
            ("ERROR it is gone", Some(Error)),
            ("POST /api/livekit/token 500", None),
        ] {
            assert_eq!(Severity::of(line), expected, "{line}");
        }
        assert_eq!(
            gist("{\"msg\":\"slow 12\",\"n\":1}"),
            gist("{\"msg\":\"slow 13\"}")
        );
    }
}
