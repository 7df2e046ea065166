//! Services that have ended by themselves.

use async_trait::async_trait;

use super::times;
use crate::doctor::{About, Check, Finding, Group, Look, Site};
use crate::engine::{Condition, Instance, State};
use crate::stack::last_words::{Redactor, known, of_instance};
use crate::stack::service::Service;

/// The check.
#[derive(Debug)]
pub struct Ended;

const ABOUT: About = About {
    code: "health.ended",
    group: Group::Health,
    title: "a service has ended by itself",
    looks_at: "Containers and processes of the project that are there and do not run: their last words, and of containers\n\
        the exit code and whether the kernel ended them for lack of memory. `urbania down` removes what it stops, so what\n\
        is left has ended otherwise. Of containers that run, whether the kernel has ended a process in them, and how\n\
        often the engine has started them again, which it does where somebody gave them a restart policy.",
    why: "LiveKit ends with exit code 0 also when it could not start; MongoDB is ended by the kernel when memory runs\n\
        out. Nobody is told either way.",
    fix: "The finding quotes the last words, with a way out where we know one. `urbania up` starts the service again.",
};

#[async_trait]
impl Check for Ended {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let redactor = Redactor::of(site.project()?);
        let engine = site.engine()?.engine.as_ref();
        let mut findings = Vec::new();
        for instance in site.instances()? {
            let condition = engine.inspect(&instance.id).await?;
            if instance.state == State::Running
                && !condition.out_of_memory
                && condition.restarts == 0
            {
                continue;
            }
            let words = of_instance(engine, &instance.id, &redactor).await;
            findings.extend(judge(instance, &condition, &words));
        }
        Ok(findings)
    }
}

fn judge(instance: &Instance, condition: &Condition, words: &[String]) -> Option<Finding> {
    let service = &instance.service;
    let finding = match (condition.state, condition.out_of_memory) {
        (State::Running, true) => Finding::warning(format!(
            "the kernel has ended a process of `{service}` for lack of memory"
        )),
        (_, true) => Finding::problem(format!(
            "the kernel has ended `{service}` for lack of memory"
        )),
        (State::Running, false) if condition.restarts > 0 => {
            let times = times(condition.restarts);
            Finding::warning(format!(
                "the engine has started `{service}` again {times}, because it had ended"
            ))
        }
        (State::Exited, false) => {
            let code = condition
                .exit_code
                .map(|code| format!(" (exit code {code})"));
            let code = code.unwrap_or_default();
            Finding::problem(format!("`{service}` has ended by itself{code}"))
        }
        (State::Paused, false) => {
            return Some(Finding::problem(format!("`{service}` is paused")).fix("urbania up"));
        }
        _ => return None,
    };
    let last = words
        .iter()
        .rev()
        .take(3)
        .rev()
        .map(|line| format!("| {line}"));
    let finding = last.fold(finding, Finding::evidence);
    let way = service.parse::<Service>().ok();
    let way = way.and_then(|service| known(service, &words.join("\n")));
    let finding = way
        .into_iter()
        .fold(finding, |finding, (_, way)| finding.fix(way));
    let finding = if condition.out_of_memory {
        finding.fix("more memory for the machine or the engine, or smaller rooms")
    } else {
        finding
    };
    Some(if condition.state == State::Running {
        finding.fix(format!("urbania logs {service}   shows more"))
    } else {
        finding.fix("urbania up")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::engine::Form;

    fn of(state: State, out_of_memory: bool, words: &[&str]) -> Option<Finding> {
        let instance = Instance {
            id: "0123".into(),
            name: "urbania-demo-livekit".into(),
            project: "demo".into(),
            service: "livekit".into(),
            dir: "/srv/demo".into(),
            form: Form::Container {
                image: "livekit".into(),
            },
            config: String::new(),
            state,
        };
        let condition = Condition {
            state,
            started: None,
            exit_code: Some(0),
            out_of_memory,
            pid: None,
            restarts: 0,
        };
        let words: Vec<String> = words.iter().map(|&w| w.to_owned()).collect();
        judge(&instance, &condition, &words)
    }

    #[test]
    fn lack_of_memory_is_named_whether_the_service_survived_or_not() {
        let ended = of(State::Exited, true, &[]).unwrap();
        assert_eq!(ended.verdict, Verdict::Problem);
        assert_eq!(
            ended.message,
            "the kernel has ended `livekit` for lack of memory"
        );
        assert_eq!(
            of(State::Running, true, &[]).unwrap().verdict,
            Verdict::Warning
        );
        assert_eq!(of(State::Created, false, &[]), None);
    }

    #[test]
    fn last_words_bring_their_way_out() {
        let words = ["unable to connect to redis: connection refused"];
        let found = of(State::Exited, false, &words).unwrap();
        assert_eq!(
            found.evidence,
            ["| unable to connect to redis: connection refused"]
        );
        assert!(
            found.fix[0].starts_with("the `redis:` of livekit.yaml"),
            "{found:?}"
        );
    }
}
