//! The participants of a scenario: each with a name, a number in its pictures and a tone.

use serde::Serialize;

use super::scenario::{Media, Role, Scenario};
use crate::error::{Error, Result};

/// More tones than these cannot be told apart well.
pub const MOST: usize = 50;

/// First names, in the order of the alphabet: tables speak of A, B and C.
const NAMES: [&str; 12] = [
    "ada", "bela", "chidi", "dora", "emil", "fatuma", "grace", "hugo", "ines", "jomo", "karin",
    "lea",
];

/// Colours of the lines below pictures and in plots: told apart in both, and by most eyes.
const COLOURS: [&str; 8] = [
    "#3b6fd6", "#c2571a", "#1f8a5b", "#9a3fb5", "#b8860b", "#0f8296", "#c22f5e", "#5f6b7a",
];

/// The lowest tone, and how far apart two are: Opus carries all of them, and none is another's harmonic.
const LOWEST_HERTZ: u32 = 400;
const HERTZ_APART: u32 = 70;

/// One who takes part.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// Unique in the room.
    pub identity: String,
    /// The number in its pictures.
    pub number: u32,
    /// The tone that others know it by.
    pub hertz: u32,
    /// Its colour.
    pub colour: &'static str,
    /// What it sends.
    pub publishes: Vec<Media>,
    /// What its token allows it to send.
    pub may_publish: Vec<Media>,
    /// Whether its token allows it to see and hear.
    pub may_subscribe: bool,
    /// What it mutes.
    pub mutes: Vec<Media>,
    /// The tone that it plays.
    pub plays: u32,
}

impl Member {
    /// How many come before it.
    pub fn place(&self) -> usize {
        self.number.saturating_sub(1) as usize
    }
}

/// The participants of a scenario, so many if that is said.
pub fn cast(scenario: &Scenario, wanted: Option<usize>) -> Result<Vec<Member>> {
    let roles = grown(scenario, wanted)?;
    let mut members: Vec<Member> = Vec::new();
    for (role, count) in &roles {
        for n in 1..=*count {
            let identity = name(role, n, *count, members.len());
            members.push(member(role, identity, members.len())?);
        }
    }
    check(scenario, &members)?;
    for (role, member) in roles
        .iter()
        .flat_map(|(role, count)| std::iter::repeat_n(role, *count))
        .zip(0..)
    {
        if let Some(of) = &role.tone_of {
            let other = members.iter().find(|m| &m.identity == of);
            members[member].plays = other.ok_or_else(|| nobody(of, &members))?.hertz;
        }
    }
    Ok(members)
}

/// Each role with how many play it.
fn grown(scenario: &Scenario, wanted: Option<usize>) -> Result<Vec<(&Role, usize)>> {
    let count = |role: &Role| role.count as usize;
    let mut roles: Vec<_> = scenario.roles.iter().map(|r| (r, count(r))).collect();
    let has: usize = roles.iter().map(|(_, count)| count).sum();
    let wanted = wanted.unwrap_or(has);
    if !(2..=MOST).contains(&wanted) {
        let message = format!("a call has 2 to {MOST} participants, not {wanted}");
        return Err(Error::usage(message));
    }
    if wanted != has {
        let fixed = || {
            let name = &scenario.name;
            Error::usage(format!("`{name}` has {has} participants"))
                .hint(format!("urbania call group --participants {wanted}"))
        };
        let grows = roles.iter_mut().find(|(role, _)| role.grows);
        let (_, count) = grows.ok_or_else(fixed)?;
        *count = (*count + wanted)
            .checked_sub(has)
            .filter(|count| *count > 0)
            .ok_or_else(fixed)?;
    }
    Ok(roles)
}

fn name(role: &Role, n: usize, count: usize, before: usize) -> String {
    match (&role.name, NAMES.get(before)) {
        (Some(name), _) if count == 1 => name.clone(),
        (Some(name), _) => format!("{name}-{n}"),
        (None, Some(name)) => (*name).to_owned(),
        (None, None) => format!("guest-{}", before + 1),
    }
}

fn member(role: &Role, identity: String, before: usize) -> Result<Member> {
    let place = u32::try_from(before).map_err(|e| Error::usage("too many roles").because(e))?;
    let hertz = LOWEST_HERTZ + place * HERTZ_APART;
    let may_publish = role.may_publish.as_ref().unwrap_or(&role.publishes);
    Ok(Member {
        identity,
        number: place + 1,
        hertz,
        colour: COLOURS[before % COLOURS.len()],
        publishes: role.publishes.clone(),
        may_publish: may_publish.clone(),
        may_subscribe: role.may_subscribe,
        mutes: role.mutes.clone(),
        plays: hertz,
    })
}

/// What the schema of a scenario cannot say.
fn check(scenario: &Scenario, members: &[Member]) -> Result<()> {
    for (n, member) in members.iter().enumerate() {
        if members[..n].iter().any(|m| m.identity == member.identity) {
            let twice = format!("two participants are called `{}`", member.identity);
            return Err(Error::usage(twice));
        }
    }
    for event in &scenario.events {
        if let Some(who) = &event.who
            && !members.iter().any(|m| &m.identity == who)
        {
            return Err(nobody(who, members));
        }
        if event.at >= scenario.seconds {
            let late = format!("`{event}` at {} s: the call ends before", event.at);
            return Err(Error::usage(late).hint("--duration 2m   makes it longer"));
        }
    }
    Ok(())
}

fn nobody(who: &str, members: &[Member]) -> Error {
    let names: Vec<_> = members.iter().map(|m| m.identity.as_str()).collect();
    Error::usage(format!("nobody in the scenario is called `{who}`"))
        .hint(format!("they are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::scenario::built_in;

    fn names(scenario: &Scenario, wanted: Option<usize>) -> Vec<String> {
        let members = cast(scenario, wanted).unwrap();
        members.into_iter().map(|m| m.identity).collect()
    }

    #[test]
    fn the_role_that_grows_takes_whoever_is_added() {
        let webinar = built_in("webinar").unwrap();
        assert_eq!(
            names(&webinar, Some(3)),
            ["speaker", "listener-1", "listener-2"]
        );
        let group = built_in("group").unwrap();
        assert_eq!(names(&group, Some(3)), ["ada", "bela", "chidi"]);
        assert_eq!(names(&group, Some(13)).last().unwrap(), "guest-13");
        let two = cast(&built_in("one-to-one").unwrap(), Some(3)).unwrap_err();
        assert_eq!(two.to_string(), "`one-to-one` has 2 participants");
        assert_eq!(two.hints(), ["urbania call group --participants 3"]);
        let one = cast(&group, Some(1)).unwrap_err();
        assert_eq!(one.to_string(), "a call has 2 to 50 participants, not 1");
    }

    #[test]
    fn somebody_may_play_anothers_tone_and_every_name_must_be_somebodys() {
        let mut scenario = built_in("group").unwrap();
        scenario.roles.push(Role {
            name: Some("thief".into()),
            tone_of: Some("ada".into()),
            ..Role::default()
        });
        let members = cast(&scenario, None).unwrap();
        assert_eq!(members[4].plays, members[0].hertz);
        assert_ne!(members[4].hertz, members[0].hertz);

        scenario.roles[1].tone_of = Some("zoe".into());
        let error = cast(&scenario, None).unwrap_err();
        assert_eq!(error.to_string(), "nobody in the scenario is called `zoe`");

        scenario.roles[1] = Role {
            name: Some("ada".into()),
            ..Role::default()
        };
        let error = cast(&scenario, None).unwrap_err();
        assert_eq!(error.to_string(), "two participants are called `ada`");
    }
}
