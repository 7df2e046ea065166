//! Which pair of `livekit.yaml` is for what. The first one is in use; the comment right above another one
//! says whether it is in reserve or retires. Pairs without such a comment are somebody else's business.

use jiff::Timestamp;

use super::LivekitConfig;
use super::yaml::{Kind, Node};
use crate::livekit::keys::KeyPair;

const IN_USE: &str = "In use";
const RESERVE: &str = "In reserve";
const RETIRING: &str = "Retiring";

/// What a pair is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The API and the backends sign with it.
    InUse,
    /// The next rotation moves on to it.
    Reserve,
    /// Nobody signs with it any more. Its tokens are good until then; not known yet while the API and
    /// the env files are moving.
    Retiring(Option<Timestamp>),
}

/// What the comments of a file say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The key in reserve.
    pub reserve: Option<String>,
    /// The key that retires, and until when its tokens are good.
    pub retiring: Option<(String, Option<Timestamp>)>,
}

/// How far a rotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is no pair to move on to.
    NoReserve,
    /// There is one.
    Ready,
    /// A rotation began; the API or an env file may still have the old pair.
    Moving,
    /// Everybody moved on; tokens of the old pair are good until then.
    Overlap(Timestamp),
}

impl Role {
    /// The comment without its indentation.
    pub fn comment(self) -> String {
        match self {
            Self::InUse => format!("# {IN_USE}."),
            Self::Reserve => format!("# {RESERVE}."),
            Self::Retiring(None) => {
                format!("# {RETIRING}: the API and the env files are moving on.")
            }
            Self::Retiring(Some(until)) => {
                format!("# {RETIRING}: its tokens are good until {until:.0}.")
            }
        }
    }

    /// What a line says, if it is such a comment.
    pub fn of(line: &str) -> Option<Self> {
        let text = line.trim().strip_prefix('#')?.trim();
        if let Some(rest) = text.strip_prefix(RETIRING) {
            let until = rest
                .split_once("until ")
                .map(|(_, at)| at.trim_end_matches('.'));
            return Some(Self::Retiring(until.and_then(|at| at.trim().parse().ok())));
        }
        if text.starts_with(RESERVE) {
            return Some(Self::Reserve);
        }
        text.starts_with(IN_USE).then_some(Self::InUse)
    }
}

impl Roles {
    /// Reads the comments of a file.
    pub fn read(text: &str, tree: &Node) -> Self {
        let mut roles = Self::default();
        let Some(keys) = tree.entry("keys") else {
            return roles;
        };
        let Kind::Map(pairs) = &keys.value.kind else {
            return roles;
        };
        let lines: Vec<&str> = text.lines().collect();
        // By its place the first one is in use, whatever a comment says.
        for pair in pairs
            .iter()
            .skip(1)
            .filter(|pair| pair.at.line > keys.at.line)
        {
            let above = pair.at.line.checked_sub(2).and_then(|n| lines.get(n));
            match above.and_then(|line| Role::of(line)) {
                Some(Role::Reserve) if roles.reserve.is_none() => {
                    roles.reserve = Some(pair.key.clone());
                }
                Some(Role::Retiring(until)) if roles.retiring.is_none() => {
                    roles.retiring = Some((pair.key.clone(), until));
                }
                _ => {}
            }
        }
        roles
    }
}

impl LivekitConfig {
    /// How far a rotation is.
    pub fn stage(&self) -> Stage {
        match (self.retiring(), self.reserve()) {
            (Some((_, None)), _) => Stage::Moving,
            (Some((_, Some(until))), _) => Stage::Overlap(until),
            (None, Some(_)) => Stage::Ready,
            (None, None) => Stage::NoReserve,
        }
    }

    /// The pair to move on to. One that everybody knows is none.
    pub fn reserve(&self) -> Option<&KeyPair> {
        let key = self.roles.reserve.as_ref()?;
        let pair = self.keys.iter().find(|pair| pair.key == *key);
        pair.filter(|pair| !pair.is_documented())
    }

    /// The pair that retires, and until when its tokens are good.
    pub fn retiring(&self) -> Option<(&KeyPair, Option<Timestamp>)> {
        let (key, until) = self.roles.retiring.as_ref()?;
        let pair = self.keys.iter().find(|pair| pair.key == *key)?;
        Some((pair, *until))
    }

    /// What a pair is for; `None` for one that is not ours to judge.
    pub fn role(&self, pair: &KeyPair) -> Option<Role> {
        let is = |key: Option<&String>| key == Some(&pair.key);
        if self.keys.first().is_some_and(|first| first.key == pair.key) {
            return Some(Role::InUse);
        }
        match &self.roles.retiring {
            Some((key, until)) if *key == pair.key => Some(Role::Retiring(*until)),
            _ => is(self.roles.reserve.as_ref()).then_some(Role::Reserve),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn roles(text: &str) -> Roles {
        Roles::read(text, &parse(text).0.unwrap())
    }

    #[test]
    fn a_comment_says_of_itself_what_it_said() {
        let until = "2026-11-21T20:00:00Z".parse().unwrap();
        for role in [
            Role::InUse,
            Role::Reserve,
            Role::Retiring(None),
            Role::Retiring(Some(until)),
        ] {
            assert_eq!(Role::of(&format!("  {}\r", role.comment())), Some(role));
        }
        for other in ["", "APIa: b", "# for the recorder", "In reserve."] {
            assert_eq!(Role::of(other), None, "{other}");
        }
    }

    #[test]
    fn the_comment_right_above_a_pair_counts_and_the_first_pair_is_in_use() {
        let read = roles(
            "keys:\n  # In reserve.\n  a: 1\n  # In reserve.\n  b: 2\n\n  # Retiring\n\n  c: 3\n",
        );
        assert_eq!(read.reserve.as_deref(), Some("b"));
        assert_eq!(read.retiring, None);
        let read =
            roles("keys:\n  a: 1\n  # Retiring: until 2026-11-21T20:00:00Z.\n  b: 2\n  c: 3\n");
        let until = "2026-11-21T20:00:00Z".parse().ok();
        assert_eq!(read.retiring, Some(("b".into(), until)));
        assert_eq!(
            roles("# In reserve.\nkeys: {a: 1, b: 2}\n"),
            Roles::default()
        );
        assert_eq!(roles("keys: 7\n"), Roles::default());
    }
}
