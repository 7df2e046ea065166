//! Seed files: users, channels, clubs and rooms to begin with, read as strictly as the project's files.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::problem::{self, Problem};
use super::project::readable_by_others;
use super::strict::{bounded_text, strictly};
use super::yaml::{Kind, Node};
use crate::error::{Context as _, Result};
use crate::store::{CLUB_ROOM, CallType, Mode};

/// Bigger files are refused.
const BIGGEST: u64 = 16 << 20;

/// What a store shall hold. What is there already and not named here stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Seed {
    /// Local users.
    pub users: Vec<SeedUser>,
    /// Voice channels.
    pub channels: Vec<SeedChannel>,
    /// Reading clubs.
    pub clubs: Vec<SeedClub>,
    /// Rooms as POST /api/livekit/rooms makes them.
    pub rooms: Vec<SeedRoom>,
}

/// A local user.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SeedUser {
    /// What is typed at login.
    #[schemars(extend("format" = "user-name"))]
    pub name: String,
    /// What the user may do, in the apps' words. Default: none, or what is stored.
    #[schemars(transform = items_are_words)]
    pub roles: Option<Vec<String>>,
    /// The password. Default: what is stored; a new user cannot log in before `urbania user passwd`.
    #[schemars(with = "Option<String>", extend("writeOnly" = true, "format" = "password"))]
    pub password: Option<SecretString>,
}

/// A voice channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SeedChannel {
    /// What callers ask for.
    #[schemars(extend("format" = "id"))]
    pub id: String,
    /// For people. Default: the id.
    pub name: Option<String>,
    /// Who may do what.
    #[serde(default)]
    pub roles: Vec<SeedRole>,
}

/// What some users may do in a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SeedRole {
    /// For people.
    pub name: String,
    /// In the app's words, such as JOIN_CHANNEL.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Names of local users, or ids.
    #[serde(default)]
    #[schemars(transform = items_are_ids)]
    pub members: Vec<String>,
}

/// A reading club.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SeedClub {
    /// What callers ask for.
    #[schemars(extend("format" = "id"))]
    pub id: String,
    /// For people. Default: the id.
    pub name: Option<String>,
    /// Name of a local user, or id, of who starts and ends meetings.
    #[schemars(extend("format" = "id"))]
    pub moderator: String,
    /// Names of local users, or ids.
    #[serde(default)]
    #[schemars(transform = items_are_ids)]
    pub members: Vec<String>,
}

/// A room.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SeedRoom {
    /// Its name.
    #[schemars(extend("format" = "id"))]
    pub name: String,
    /// Name of a local user, or id, of who made it.
    #[schemars(extend("format" = "id"))]
    pub created_by: String,
    /// Names of local users, or ids, of those who are invited. Default: everybody may come.
    #[serde(default)]
    #[schemars(transform = items_are_ids)]
    pub participants: Vec<String>,
    /// Whether there are pictures. Default: video.
    #[serde(default)]
    pub call_type: CallType,
    /// Who may speak. Default: call.
    #[serde(default)]
    pub mode: Mode,
}

fn items_are(format: &str, schema: &mut schemars::Schema) {
    if let Some(items) = schema.get_mut("items") {
        items["format"] = format.into();
    }
}

fn items_are_ids(schema: &mut schemars::Schema) {
    items_are("id", schema);
}

fn items_are_words(schema: &mut schemars::Schema) {
    items_are("word", schema);
}

/// A seed file as it was read.
#[derive(Debug)]
pub struct SeedFile {
    /// What it says.
    pub seed: Seed,
    /// What works, but should not be so.
    pub warnings: Vec<Problem>,
}

impl SeedFile {
    /// Reads a file that is named in the folder `dir`. One error names every problem of it.
    pub fn read(dir: &Path, name: &Path) -> Result<Self> {
        let path = dir.join(name);
        let name = name.display().to_string();
        let text = bounded_text(&path, BIGGEST).or_fail(|| format!("cannot read `{name}`"))?;
        let seed = parsed(&name, &text)
            .map_err(|problems| problem::error_in(&format!("`{name}`"), problems))?;
        let mut warnings = Vec::new();
        if seed.users.iter().any(|user| user.password.is_some())
            && let Some(mode) = readable_by_others(&path)
        {
            let message =
                format!("other users can read its passwords (mode {mode:04o}): chmod 600 {name}");
            warnings.push(Problem::of(name, message));
        }
        Ok(Self { seed, warnings })
    }
}

fn parsed(name: &str, text: &str) -> Result<Seed, Vec<Problem>> {
    strictly(name, text, |tree| {
        let mut problems = repeated(name, tree);
        problems.extend(of_others(name, tree));
        problems
    })
}

/// Records that are in the file twice.
fn repeated(name: &str, tree: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (list, key) in [
        ("users", "name"),
        ("channels", "id"),
        ("clubs", "id"),
        ("rooms", "name"),
    ] {
        let mut seen = BTreeMap::new();
        for found in texts(tree, list, key) {
            if let Some(line) = seen.get(found.text) {
                let message = format!("`{}` again; it is on line {line}", found.text);
                problems.push(found.problem(name, message));
            } else {
                seen.insert(found.text, found.node.at.line);
            }
        }
    }
    problems
}

/// Rooms with names of channels and clubs: nobody could ask for both.
fn of_others(name: &str, tree: &Node) -> Vec<Problem> {
    let channels: Vec<_> = texts(tree, "channels", "id").collect();
    let mut problems = Vec::new();
    for found in texts(tree, "rooms", "name") {
        if found.text.starts_with(CLUB_ROOM) {
            let message = format!("names that begin with `{CLUB_ROOM}` are those of clubs' rooms");
            problems.push(found.problem(name, message));
        } else if let Some(channel) = channels.iter().find(|channel| channel.text == found.text) {
            let line = channel.node.at.line;
            let message = format!("`{}` is the room of the channel on line {line}", found.text);
            problems.push(found.problem(name, message));
        }
    }
    problems
}

/// A text of the file, and its place.
struct Found<'a> {
    text: &'a str,
    node: &'a Node,
    path: String,
}

impl Found<'_> {
    fn problem(&self, source: &str, message: String) -> Problem {
        Problem {
            source: source.to_owned(),
            at: Some(self.node.at),
            path: self.path.clone(),
            message,
        }
    }
}

/// What the records of `list` have under `key`.
fn texts<'a>(tree: &'a Node, list: &'a str, key: &'a str) -> impl Iterator<Item = Found<'a>> {
    let items = match tree.entry(list).map(|entry| &entry.value.kind) {
        Some(Kind::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter().enumerate().filter_map(move |(n, item)| {
        let node = &item.entry(key)?.value;
        let Kind::Scalar { text, .. } = &node.kind else {
            return None;
        };
        let path = format!("{list}[{n}].{key}");
        Some(Found { text, node, path })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = parsed("seed.yaml", text).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_example_is_a_seed_file() {
        let seed = parsed("seed.yaml", include_str!("../../templates/seed.yaml")).unwrap();
        assert!(!seed.users.is_empty() && !seed.channels.is_empty());
        assert!(!seed.clubs.is_empty() && !seed.rooms.is_empty());
    }

    #[test]
    fn json_is_read_too_and_numbers_are_ids() {
        let text = r#"{"clubs": [{"id": 42, "moderator": "ada", "members": [7]}]}"#;
        let seed = parsed("seed.json", text).unwrap();
        assert_eq!(seed.clubs[0].id, "42");
        assert_eq!(seed.clubs[0].members, ["7"]);
    }

    #[test]
    fn every_problem_is_told_with_its_place_and_no_password() {
        let text = "users:\n\
                    - {name: ada, roles: [two words]}\n\
                    - {nmae: grace}\n\
                    - {name: ada, password: [very-secret]}\n\
                    - {name: ' x', password: ''}\n\
                    rooms:\n\
                    - {name: daily, created_by: ada, mode: webinare}\n\
                    clubs: [{id: '', moderator: }]\n";
        assert_eq!(
            problems(text),
            [
                "seed.yaml:2:23: users[0].roles[0]: `two words` is not one word",
                "seed.yaml:3:3: users[1]: lacks `name`",
                "seed.yaml:3:4: users[1].nmae: unknown key; did you mean `name`?",
                "seed.yaml:4:25: users[2].password: expected a text, found a list",
                "seed.yaml:5:10: users[3].name: ` x` is not a user's name: 1 to 256 characters, no space at the ends",
                "seed.yaml:5:26: users[3].password: is not a password: 1 to 1024 bytes",
                "seed.yaml:7:40: rooms[0].mode: `webinare` is not one of call, webinar; did you mean `webinar`?",
                "seed.yaml:8:9: clubs[0]: lacks `moderator`",
                "seed.yaml:8:14: clubs[0].id: `` is not an id: 1 to 256 bytes, no control characters",
                "seed.yaml:4:10: users[2].name: `ada` again; it is on line 2",
            ]
        );
    }

    #[test]
    fn rooms_have_no_names_of_channels_and_clubs() {
        let text = "channels: [{id: lounge}]\n\
                    rooms:\n\
                    - {name: reading-club-novels, created_by: ada}\n\
                    - {name: lounge, created_by: ada}\n\
                    - {name: reading-clubs, created_by: ada}\n";
        assert_eq!(
            problems(text),
            [
                "seed.yaml:3:10: rooms[0].name: names that begin with `reading-club-` are those of clubs' rooms",
                "seed.yaml:4:10: rooms[1].name: `lounge` is the room of the channel on line 1",
            ]
        );
    }
}
