//! What a rotation is to do next.

use jiff::Timestamp;
use serde::Serialize;

use super::look::{Look, Sfu};
use crate::config::Stage;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The pair in reserve shall be in use.
    Rotate,
    /// What was begun shall come to its end, where nobody notices.
    Finish,
    /// The same as `Rotate`, and tokens of the old pair shall be refused at once.
    Now,
}

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// livekit.yaml gets a pair to move on to.
    AddReserve,
    /// The SFU starts again with the pairs that livekit.yaml has.
    RestartSfu,
    /// The API and the env files go over to the pair in reserve.
    MoveOn,
    /// The API takes the pairs that livekit.yaml has.
    TellApis,
    /// The old pair goes, a fresh one is in reserve, and the SFU starts again if it runs.
    Retire,
}

/// What the decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// How far the files are.
    pub stage: Stage,
    /// The time.
    pub now: Timestamp,
    /// What the SFU says.
    pub sfu: Sfu,
    /// How many are connected to it, where that can be told.
    pub participants: Option<u64>,
    /// Whether an API has what the files said before.
    pub apis_behind: bool,
    /// Whether a restart of the SFU was interrupted, so that none runs.
    pub restart_interrupted: bool,
}

/// Why there can be no other rotation yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOver {
    /// Tokens of the old pair are good until then.
    Tokens(Timestamp),
    /// The SFU would have to start again, and somebody is there.
    Somebody(Option<u64>),
}

impl Facts {
    /// Those of a look.
    pub fn of(look: &Look, now: Timestamp, restart_interrupted: bool) -> Self {
        Self {
            stage: look.stage,
            now,
            sfu: look.sfu,
            participants: look.participants,
            apis_behind: look.apis.iter().any(|(_, has)| !has),
            restart_interrupted,
        }
    }

    /// Why the old pair has to stay for now.
    fn not_over(&self, until: Timestamp) -> Option<NotOver> {
        if until > self.now {
            return Some(NotOver::Tokens(until));
        }
        (!is_idle(self.sfu, self.participants)).then_some(NotOver::Somebody(self.participants))
    }
}

/// Whether a restart of the SFU interrupts nobody.
pub fn is_idle(sfu: Sfu, participants: Option<u64>) -> bool {
    sfu == Sfu::Silent || participants == Some(0)
}

/// The steps, in order.
pub fn decide(facts: &Facts, wish: Wish) -> Result<Vec<Step>, NotOver> {
    use Step::{AddReserve, MoveOn, RestartSfu, Retire, TellApis};
    let mut steps = Vec::new();
    if facts.restart_interrupted {
        steps.push(RestartSfu);
    }
    match facts.stage {
        // What was begun is what is asked for.
        Stage::Moving => steps.push(MoveOn),
        Stage::Overlap(until) => {
            if wish == Wish::Now {
                return Ok(vec![Retire]);
            }
            if let Some(why) = facts.not_over(until) {
                return Err(why);
            }
            steps.push(Retire);
            steps.extend((wish == Wish::Rotate).then_some(MoveOn));
        }
        Stage::Ready | Stage::NoReserve => {
            let lacks = facts.stage == Stage::NoReserve && wish != Wish::Finish;
            steps.extend(lacks.then_some(AddReserve));
            let restart = facts.sfu == Sfu::Behind || (lacks && facts.sfu == Sfu::Knows);
            if restart && wish == Wish::Finish && !is_idle(facts.sfu, facts.participants) {
                return Err(NotOver::Somebody(facts.participants));
            }
            steps.extend(restart.then_some(RestartSfu));
            // Whoever moves on tells them anyway.
            let last = if wish == Wish::Finish {
                TellApis
            } else {
                MoveOn
            };
            steps.extend((last == MoveOn || facts.apis_behind).then_some(last));
        }
    }
    steps.extend((wish == Wish::Now).then_some(Retire));
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::Step::{AddReserve, MoveOn, RestartSfu, Retire, TellApis};
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn facts(stage: Stage, sfu: Sfu, participants: u64) -> Facts {
        Facts {
            stage,
            now: NOW,
            sfu,
            participants: Some(participants),
            apis_behind: false,
            restart_interrupted: false,
        }
    }

    fn decided(stage: Stage, sfu: Sfu, participants: u64) -> [Result<Vec<Step>, NotOver>; 3] {
        let facts = facts(stage, sfu, participants);
        [Wish::Rotate, Wish::Finish, Wish::Now].map(|wish| decide(&facts, wish))
    }

    #[test]
    fn with_a_reserve_that_the_sfu_knows_nothing_starts_again() {
        assert_eq!(
            decided(Stage::Ready, Sfu::Knows, 7),
            [Ok(vec![MoveOn]), Ok(vec![]), Ok(vec![MoveOn, Retire])]
        );
        assert_eq!(
            decided(Stage::Moving, Sfu::Knows, 7),
            [Ok(vec![MoveOn]), Ok(vec![MoveOn]), Ok(vec![MoveOn, Retire])]
        );
    }

    #[test]
    fn the_old_pair_goes_when_its_tokens_are_over_and_nobody_is_there() {
        let later = NOW + std::time::Duration::from_secs(1);
        let tokens = Err(NotOver::Tokens(later));
        assert_eq!(
            decided(Stage::Overlap(later), Sfu::Knows, 0),
            [tokens.clone(), tokens, Ok(vec![Retire])]
        );
        let somebody = Err(NotOver::Somebody(Some(2)));
        assert_eq!(
            decided(Stage::Overlap(NOW), Sfu::Knows, 2),
            [somebody.clone(), somebody, Ok(vec![Retire])]
        );
        for sfu in [Sfu::Knows, Sfu::Silent] {
            assert_eq!(
                decided(Stage::Overlap(NOW), sfu, 0),
                [Ok(vec![Retire, MoveOn]), Ok(vec![Retire]), Ok(vec![Retire])]
            );
        }
        let unknown = Facts {
            participants: None,
            ..facts(Stage::Overlap(NOW), Sfu::Knows, 0)
        };
        assert_eq!(decide(&unknown, Wish::Finish), Err(NotOver::Somebody(None)));
    }

    #[test]
    fn an_api_that_was_not_told_is_told() {
        let facts = Facts {
            apis_behind: true,
            ..facts(Stage::Ready, Sfu::Knows, 1)
        };
        assert_eq!(decide(&facts, Wish::Finish), Ok(vec![TellApis]));
        assert_eq!(decide(&facts, Wish::Rotate), Ok(vec![MoveOn]));
    }

    #[test]
    fn an_sfu_that_was_just_being_replaced_runs_again_first() {
        let facts = Facts {
            restart_interrupted: true,
            ..facts(Stage::Ready, Sfu::Silent, 0)
        };
        assert_eq!(decide(&facts, Wish::Finish), Ok(vec![RestartSfu]));
        assert_eq!(decide(&facts, Wish::Rotate), Ok(vec![RestartSfu, MoveOn]));
    }

    #[test]
    fn an_sfu_that_does_not_know_the_reserve_starts_again_first() {
        assert_eq!(
            decided(Stage::Ready, Sfu::Behind, 0),
            [
                Ok(vec![RestartSfu, MoveOn]),
                Ok(vec![RestartSfu]),
                Ok(vec![RestartSfu, MoveOn, Retire])
            ]
        );
        let finish = decide(&facts(Stage::Ready, Sfu::Behind, 1), Wish::Finish);
        assert_eq!(finish, Err(NotOver::Somebody(Some(1))));
        assert_eq!(
            decided(Stage::NoReserve, Sfu::Knows, 0),
            [
                Ok(vec![AddReserve, RestartSfu, MoveOn]),
                Ok(vec![]),
                Ok(vec![AddReserve, RestartSfu, MoveOn, Retire])
            ]
        );
        assert_eq!(
            decided(Stage::NoReserve, Sfu::Silent, 0)[0],
            Ok(vec![AddReserve, MoveOn])
        );
    }
}
