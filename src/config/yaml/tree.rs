//! A YAML document as a tree that knows its lines and columns.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// Deeper documents are refused: nothing of ours nests so far, and the tree is walked recursively.
const DEEPEST: usize = 64;
/// More nodes are refused: aliases of aliases can stand for billions.
const MOST_NODES: usize = 100_000;

/// Where something stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A value and where it begins.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins.
    pub at: Position,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A single value as it is spelled; plain ones may mean a number, a truth value or nothing.
    Scalar {
        /// The text without quotes.
        text: String,
        /// Whether it stood without quotes.
        plain: bool,
    },
    /// `[a, b]`
    List(Vec<Node>),
    /// `{a: 1, b: 2}`
    Map(Vec<Entry>),
}

/// `key: value`
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key begins.
    pub at: Position,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Whether it stands for nothing: `key:`, `~`, `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The entry at a path of keys.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        let (first, rest) = path
            .split_once('.')
            .map_or((path, None), |(first, rest)| (first, Some(rest)));
        let Kind::Map(entries) = &self.kind else {
            return None;
        };
        let entry = entries.iter().find(|e| e.key == first)?;
        match rest {
            Some(rest) => entry.value.entry(rest),
            None => Some(entry),
        }
    }

    /// Where the key at a path stands, `auth.jwks[0].issuer`; where an item of a list lacks it, where
    /// the item begins.
    pub fn position(&self, path: &str) -> Option<Position> {
        let Some((list, rest)) = path.split_once('[') else {
            return Some(self.entry(path)?.at);
        };
        let (index, rest) = rest.split_once(']')?;
        let Kind::List(items) = &self.entry(list)?.value.kind else {
            return None;
        };
        let item = items.get(index.parse::<usize>().ok()?)?;
        let inside = rest.strip_prefix('.').and_then(|rest| item.position(rest));
        Some(inside.unwrap_or(item.at))
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar { .. } => 0,
            Kind::List(items) => items.iter().map(Node::size).sum(),
            Kind::Map(entries) => entries.iter().map(|e| e.value.size()).sum(),
        }
    }
}

/// What is said of a text that goes on after its first document.
const SECOND_DOCUMENT: &str = "a second document; only one is read";
/// What is said of `~: 1`.
const NO_NAME: &str = "a key that is nothing; it is passed over";

/// Whether a complaint is about something that LiveKit passes over.
pub fn is_passed_over(complaint: &str) -> bool {
    [SECOND_DOCUMENT, NO_NAME].contains(&complaint)
}

/// Something that keeps a text from being YAML for us, and where.
pub type Complaint = (Position, String);

/// Parses the one document of a text; `None` when it is empty.
///
/// After a syntax error there is no tree; after other complaints (a duplicate key) there is one.
pub fn parse(text: &str) -> (Option<Node>, Vec<Complaint>) {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let taken = match event {
            Ok((event, span)) => builder.take(event, position(span.start)),
            Err(e) => Err((position(*e.marker()), e.info().to_owned())),
        };
        match taken {
            Ok(Flow::Continue) => {}
            Ok(Flow::Stop) => break,
            Err(fatal) => {
                builder.complaints.push(fatal);
                return (None, builder.complaints);
            }
        }
    }
    (builder.root, builder.complaints)
}

fn position(mark: Marker) -> Position {
    Position {
        line: mark.line(),
        column: mark.col() + 1,
    }
}

enum Flow {
    Continue,
    Stop,
}

/// A list or map whose end has not come yet.
struct Open {
    at: Position,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        merged: Vec<Entry>,
        /// Where `<<` stands.
        merge: Option<Position>,
        /// The last key, whose value comes next; one that is nothing has no name.
        key: Option<(Option<String>, Position)>,
    },
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    complaints: Vec<Complaint>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<Flow, Complaint> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                self.complaints.push((at, SECOND_DOCUMENT.into()));
                return Ok(Flow::Stop);
            }
            Event::Scalar(text, style, anchor, tag) => {
                // A tag beats the quotes.
                let tag = tag.filter(|tag| tag.is_yaml_core_schema());
                let plain = tag.map_or(style == ScalarStyle::Plain, |tag| tag.suffix != "str");
                let text = text.into_owned();
                let kind = Kind::Scalar { text, plain };
                self.close(Node { at, kind }, anchor)?;
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| (at, "an alias of itself".into()))?;
                self.close(node, 0)?;
            }
            Event::SequenceStart(anchor, _) => self.begin(at, anchor, Items::List(Vec::new()))?,
            Event::MappingStart(anchor, _) => {
                let items = Items::Map {
                    entries: Vec::new(),
                    merged: Vec::new(),
                    merge: None,
                    key: None,
                };
                self.begin(at, anchor, items)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let kind = match open.items {
                        Items::List(items) => Kind::List(items),
                        Items::Map {
                            entries, merged, ..
                        } => Kind::Map(with_merged(entries, merged)),
                    };
                    self.close(Node { at: open.at, kind }, open.anchor)?;
                }
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }

    fn begin(&mut self, at: Position, anchor: usize, items: Items) -> Result<(), Complaint> {
        if self.open.len() >= DEEPEST {
            return Err((at, format!("nested more than {DEEPEST} deep")));
        }
        self.open.push(Open { at, anchor, items });
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Complaint> {
        // Only an alias brings more than one node that was not counted before.
        self.nodes += if anchor == 0 { node.size() } else { 1 };
        if self.nodes > MOST_NODES {
            return Err((node.at, format!("more than {MOST_NODES} values")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map {
                entries,
                merged,
                merge,
                key,
            }) => match key.take() {
                None => *key = Some(key_of(node)?),
                Some((None, at)) => self.complaints.push((at, NO_NAME.into())),
                Some((Some(name), at)) if name == "<<" => match merge.replace(at) {
                    None => gather(node, merged)?,
                    Some(first) => self.complaints.push((at, again("<<", first))),
                },
                Some((Some(name), at)) => match entries.iter().find(|e| e.key == name) {
                    Some(first) => self.complaints.push((at, again(&name, first.at))),
                    None => entries.push(Entry {
                        key: name,
                        at,
                        value: node,
                    }),
                },
            },
        }
        Ok(())
    }
}

fn again(name: &str, first: Position) -> String {
    format!("`{name}` again; it is set on line {}", first.line)
}

fn key_of(node: Node) -> Result<(Option<String>, Position), Complaint> {
    if node.is_null() {
        return Ok((None, node.at));
    }
    match node.kind {
        Kind::Scalar { text, .. } => Ok((Some(text), node.at)),
        _ => Err((node.at, "a list or a map as a key".into())),
    }
}

/// `<<: *anchor` or `<<: [*a, *b]`
fn gather(node: Node, into: &mut Vec<Entry>) -> Result<(), Complaint> {
    match node.kind {
        Kind::Map(entries) => into.extend(entries),
        Kind::List(nodes) => {
            for node in nodes {
                gather(node, into)?;
            }
        }
        Kind::Scalar { .. } => return Err((node.at, "`<<` takes a map".into())),
    }
    Ok(())
}

/// What a map says itself beats what it merges; of the merged, the first.
fn with_merged(mut entries: Vec<Entry>, merged: Vec<Entry>) -> Vec<Entry> {
    for entry in merged {
        if !entries.iter().any(|e| e.key == entry.key) {
            entries.push(entry);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> Vec<String> {
        parse(text)
            .1
            .into_iter()
            .map(|(at, what)| format!("{}:{}: {what}", at.line, at.column))
            .collect()
    }

    #[test]
    fn every_value_knows_its_line_and_column() {
        let (tree, complaints) = parse("a: 1\nb:\n  c: [x, 'y']\n");
        assert!(complaints.is_empty());
        let entry = tree.as_ref().and_then(|t| t.entry("b.c")).unwrap();
        assert_eq!((entry.at.line, entry.at.column), (3, 3));
        let Kind::List(items) = &entry.value.kind else {
            panic!("a list")
        };
        assert_eq!((items[1].at.line, items[1].at.column), (3, 10));
    }

    #[test]
    fn all_duplicate_keys_are_told_with_the_line_of_the_first() {
        assert_eq!(
            complaints("a: 1\nb: 2\na: 3\nb: 4\n"),
            [
                "3:1: `a` again; it is set on line 1",
                "4:1: `b` again; it is set on line 2"
            ]
        );
    }

    #[test]
    fn aliases_and_merged_maps_are_resolved() {
        let (tree, complaints) = parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n");
        assert_eq!(complaints, []);
        let Kind::Map(entries) = &tree.as_ref().unwrap().entry("use").unwrap().value.kind else {
            panic!("a map")
        };
        let keys: Vec<_> = entries.iter().map(|e| e.key.as_str()).collect();
        assert_eq!(keys, ["y", "x"]);
    }

    #[test]
    fn maps_are_merged_once_and_keys_are_something() {
        assert_eq!(
            complaints("a:\n  <<: {x: 1}\n  <<: {y: 1}\n~: 1\n\"null\": 2\n"),
            [
                "3:3: `<<` again; it is set on line 2",
                "4:1: a key that is nothing; it is passed over"
            ]
        );
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..12 {
            let p = n - 1;
            let list = vec![format!("*a{p}"); 10].join(", ");
            text = format!("{text}a{n}: &a{n} [{list}]\n");
        }
        assert_eq!(complaints(&text).len(), 1, "{:?}", complaints(&text));
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert_eq!(
            complaints(&"- ".repeat(100)),
            ["1:129: nested more than 64 deep"]
        );
    }
}
