//! What LiveKit does about a `livekit.yaml`, release by release: a table of its keys, and the rules
//! that its start applies to their values.

mod finding;
mod rules;
mod table;
mod version;

use serde_json::Value;

pub use self::finding::Lint;
pub(super) use self::finding::Origin;
use self::finding::{of_complaint, of_finding, of_nothing};
pub use self::rules::NO_KEY;
pub use self::table::schema;
pub use self::version::{Target, Version};
use super::Effect;
use super::yaml::{Node, Reader, parse};

/// What LiveKit does about a file.
#[derive(Clone, Debug)]
pub struct Linted {
    /// The release that it was judged for.
    pub target: Target,
    /// All that was found, in the order of the file.
    pub lints: Vec<Lint>,
}

impl Linted {
    /// Whether LiveKit starts with the file; where that depends on something else, whether it can.
    pub fn starts(&self) -> bool {
        self.lints.iter().all(|l| l.effect != Effect::Refuses)
    }
}

/// A file as LiveKit reads it.
pub(super) struct Read {
    /// The values that are of their keys' types.
    pub value: Value,
    /// All that was found, in the order of the file.
    pub lints: Vec<Lint>,
}

/// Judges a file by its text alone.
pub fn lint(text: &str, target: Target) -> Linted {
    let (tree, complaints) = parse(text);
    let mut lints: Vec<_> = complaints.into_iter().map(of_complaint).collect();
    match &tree {
        Some(tree) => lints.extend(read(tree, target).lints),
        None if lints.is_empty() => lints.push(of_nothing()),
        None => {}
    }
    Linted { target, lints }
}

/// Reads and judges a document.
pub(super) fn read(tree: &Node, target: Target) -> Read {
    let schema = schema(Some(target.release));
    let unknown = unknown(target);
    let (value, findings) = Reader::new(&schema, &unknown).read(tree);
    let typed = findings
        .into_iter()
        .map(|f| of_finding(f, target, &unknown));
    let mut lints: Vec<_> = typed.collect();
    lints.extend(rules::judge(tree, &value, target.release));
    lints.sort_by_key(|lint| lint.at);
    Read { value, lints }
}

/// The file with all that LiveKit may understand although we do not.
pub(super) fn whole(tree: &Node, target: Target) -> Value {
    let schema = schema(Some(target.release));
    Reader::new(&schema, "").keeping().read(tree).0
}

fn unknown(target: Target) -> String {
    format!("not a key that LiveKit {} knows", target.release)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";

    /// What is said of a file, `path: message` a line.
    fn said(version: &str, text: &str) -> Vec<(Effect, String)> {
        let target = Target::named(version).unwrap();
        let lints = lint(&format!("{KEYS}{text}"), target).lints.into_iter();
        lints
            .map(|l| (l.effect, format!("{}: {}", l.path, l.message)))
            .collect()
    }

    #[test]
    fn a_key_of_another_release_is_told_with_that_release() {
        let refused = |text: &str| vec![(Effect::Refuses, text.to_owned())];
        assert_eq!(
            said("1.8", "node_stats: {stats_max_delay: 30s}\n"),
            refused("node_stats: came with LiveKit 1.9.0; this is 1.8.4")
        );
        assert_eq!(
            said("1.12", "rtc: {turn_servers: [{host: a, secret_file: b}]}\n")[0],
            refused("rtc.turn_servers[0].secret_file: came with LiveKit 1.13.0; this is 1.12.0")[0]
        );
        assert_eq!(
            said("1.13.5", "room: {create_room_enabled: true}\n"),
            refused(
                "room.create_room_enabled: LiveKit 1.13.1 was the last to know it; this is 1.13.5"
            )
        );
        assert_eq!(said("1.13.1", "room: {create_room_enabled: true}\n"), []);
    }

    #[test]
    fn a_release_that_is_not_known_has_the_last_word_on_keys_alone() {
        let effects = |text| -> Vec<_> { said("99.0", text).into_iter().map(|l| l.0).collect() };
        assert_eq!(effects("blockchain: true\n"), [Effect::Depends]);
        assert_eq!(effects("port: high\n"), [Effect::Refuses]);
    }

    #[test]
    fn an_empty_file_and_one_that_is_no_yaml_are_refused() {
        let target = Target::named("1.13.5").unwrap();
        for text in ["", "# nothing\n", "keys: {a: b\n", "- a\n"] {
            assert!(!lint(text, target).starts(), "{text:?}");
        }
        let second = lint(&format!("{KEYS}---\nport: high\n"), target);
        assert!(second.starts());
        assert_eq!(second.lints[0].effect, Effect::Ignores);
    }
}
