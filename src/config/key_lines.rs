//! Changes the pairs under `keys` of `livekit.yaml`, line by line: all other lines stay as they are.

use std::mem::take;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use jiff::Timestamp;

use super::roles::{Role, Roles};
use super::yaml::{Entry, Kind, Node, emit, parse, value_of};
use crate::error::{Error, Result};
use crate::livekit::keys::KeyPair;

/// What is to change.
#[derive(Debug)]
pub enum KeyChange<'a> {
    /// A pair to move on to appears, in the place of one that everybody knows if there is one.
    AddReserve(&'a KeyPair),
    /// The pair in reserve is in use from now on, and the one in use retires.
    MoveOn,
    /// Everybody moved on: tokens of the old pair are good until then.
    GoodUntil(Timestamp),
    /// The pair that retires is gone, and this one is in reserve in its place.
    Retire(&'a KeyPair),
}

/// The text of `livekit.yaml` after the change. It says what it said before in everything else, or
/// there is an error.
pub fn change_keys(text: &str, change: &KeyChange<'_>) -> Result<String> {
    let text = one_line_each(text)?;
    let changed = KeyLines::read(&text)?.apply(change)?;
    let (before, after) = (parsed(&text)?, parsed(&changed)?);
    let (document, order) = expected(&text, &before, change)?;
    let found = pairs(&after)?.iter().map(|pair| &pair.key);
    if value_of(&after) != document || !found.eq(&order) {
        return Err(unchangeable());
    }
    Ok(changed)
}

fn unchangeable() -> Error {
    Error::usage("the pairs under `keys` of livekit.yaml cannot be changed in place")
        .hint("write each pair on a line of its own under `keys:`, as `  NAME: SECRET`")
}

fn parsed(text: &str) -> Result<Node> {
    match parse(text) {
        (Some(tree), complaints) if complaints.is_empty() => Ok(tree),
        _ => Err(unchangeable()),
    }
}

fn pairs(tree: &Node) -> Result<&[Entry]> {
    match tree.entry("keys").map(|e| &e.value.kind) {
        Some(Kind::Map(pairs)) if !pairs.is_empty() => Ok(pairs),
        _ => Err(unchangeable()),
    }
}

/// `keys: {a: b, c: d}` as a line for each pair.
fn one_line_each(text: &str) -> Result<String> {
    let tree = parsed(text)?;
    let Some(keys) = tree.entry("keys") else {
        return Err(unchangeable());
    };
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let Some(line) = lines.get_mut(keys.at.line - 1) else {
        return Err(unchangeable());
    };
    let Some(flow) = line.strip_prefix("keys:").map(str::trim_start) else {
        return Ok(text.to_owned());
    };
    if !flow.starts_with('{') {
        return Ok(text.to_owned());
    }
    let comment = flow.rsplit_once('}').map_or("", |(_, rest)| rest.trim());
    let comment = if comment.starts_with('#') {
        format!(" {comment}")
    } else {
        String::new()
    };
    let pairs = emit(&value_of(&keys.value), &|_| None);
    let pairs: String = pairs.lines().flat_map(|pair| ["  ", pair, "\n"]).collect();
    *line = format!("keys:{comment}\n{pairs}");
    let changed = lines.concat();
    // One that goes on over more lines would have been cut in two.
    if value_of(&parsed(&changed)?) != value_of(&tree) {
        return Err(unchangeable());
    }
    Ok(changed)
}

/// The document that the change must lead to, and the order of its keys.
fn expected(text: &str, before: &Node, change: &KeyChange<'_>) -> Result<(Value, Vec<String>)> {
    let roles = Roles::read(text, before);
    let mut document = value_of(before);
    let mut pairs: Vec<(String, Value)> = pairs(before)?
        .iter()
        .map(|pair| (pair.key.clone(), value_of(&pair.value)))
        .collect();
    let place = |key: Option<&String>| pairs.iter().position(|(k, _)| Some(k) == key);
    let reserve = place(roles.reserve.as_ref());
    let retiring = place(roles.retiring.as_ref().map(|(key, _)| key));
    let fresh = |pair: &KeyPair| (pair.key.clone(), json!(pair.secret.expose_secret()));
    match (change, reserve, retiring) {
        (KeyChange::AddReserve(pair), Some(at), _) => pairs[at] = fresh(pair),
        (KeyChange::AddReserve(pair), None, _) => pairs.insert(1, fresh(pair)),
        (KeyChange::MoveOn, Some(at), None) => pairs.swap(0, at),
        (KeyChange::GoodUntil(_), _, Some(_)) => {}
        (KeyChange::Retire(pair), _, Some(at)) => {
            if document["webhook"]["api_key"] == pairs[at].0.as_str() {
                document["webhook"]["api_key"] = pairs[0].0.as_str().into();
            }
            pairs[at] = fresh(pair);
        }
        _ => return Err(unchangeable()),
    }
    let order = pairs.iter().map(|(key, _)| key.clone()).collect();
    document["keys"] = Value::Object(pairs.into_iter().collect());
    Ok((document, order))
}

/// The lines of a file and where its pairs are.
struct KeyLines {
    lines: Vec<String>,
    /// Key and line of each pair.
    pairs: Vec<(String, usize)>,
    roles: Roles,
    /// Where the name of the key that signs webhooks stands: line, column and the name.
    webhook: Option<(usize, usize, String)>,
}

impl KeyLines {
    fn read(text: &str) -> Result<Self> {
        let tree = parsed(text)?;
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push('\n');
        }
        let pairs = pairs(&tree)?;
        let webhook = tree.entry("webhook.api_key").and_then(|entry| {
            let Kind::Scalar { text, .. } = &entry.value.kind else {
                return None;
            };
            let at = entry.value.at;
            Some((at.line - 1, at.column - 1, text.clone()))
        });
        Ok(Self {
            roles: Roles::read(text, &tree),
            pairs: pairs
                .iter()
                .map(|pair| (pair.key.clone(), pair.at.line - 1))
                .collect(),
            lines,
            webhook,
        })
    }

    fn apply(mut self, change: &KeyChange<'_>) -> Result<String> {
        let first = self.pairs[0].1;
        let reserve = self.line_of(self.roles.reserve.as_ref());
        let retiring = self.line_of(self.roles.retiring.as_ref().map(|(key, _)| key));
        match (change, reserve, retiring) {
            (KeyChange::AddReserve(pair), Some(at), _) => {
                let line = self.fresh(pair);
                self.put(at, line, Role::Reserve);
            }
            (KeyChange::AddReserve(pair), None, _) => {
                let added = self.fresh_like(&Role::Reserve.comment()) + &self.fresh(pair);
                let own = take(&mut self.lines[first]);
                self.put(first, own, Role::InUse);
                self.lines[first].push_str(&added);
            }
            (KeyChange::MoveOn, Some(at), None) => {
                let (old, new) = (take(&mut self.lines[first]), take(&mut self.lines[at]));
                self.put(first, new, Role::InUse);
                self.put(at, old, Role::Retiring(None));
            }
            (KeyChange::GoodUntil(until), _, Some(at)) => {
                let line = take(&mut self.lines[at]);
                self.put(at, line, Role::Retiring(Some(*until)));
            }
            (KeyChange::Retire(pair), _, Some(at)) => {
                let line = self.fresh(pair);
                self.put(at, line, Role::Reserve);
                self.sign_webhooks_with_the_pair_in_use();
            }
            _ => return Err(unchangeable()),
        }
        Ok(self.lines.concat())
    }

    fn line_of(&self, key: Option<&String>) -> Option<usize> {
        let pair = self.pairs.iter().find(|(k, _)| Some(k) == key);
        pair.map(|(_, line)| *line)
    }

    fn fresh(&self, pair: &KeyPair) -> String {
        self.fresh_like(&pair_line(pair))
    }

    /// A line with the indentation and the end of those that are there.
    fn fresh_like(&self, text: &str) -> String {
        let (indent, end) = around(&self.lines[self.pairs[0].1]);
        format!("{indent}{text}{end}")
    }

    /// Puts a pair's line in a place, with the comment that says what it is for.
    fn put(&mut self, at: usize, line: String, role: Role) {
        let (indent, end) = around(&line);
        let comment = format!("{indent}{}{end}", role.comment());
        match at
            .checked_sub(1)
            .filter(|above| Role::of(&self.lines[*above]).is_some())
        {
            Some(above) => {
                self.lines[above] = comment;
                self.lines[at] = line;
            }
            None => self.lines[at] = comment + &line,
        }
    }

    /// Where the file names the pair that is gone.
    fn sign_webhooks_with_the_pair_in_use(&mut self) {
        let Some((line, column, name)) = self.webhook.take() else {
            return;
        };
        if self
            .roles
            .retiring
            .as_ref()
            .is_none_or(|(key, _)| *key != name)
        {
            return;
        }
        let line = &mut self.lines[line];
        let at = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(at, _)| at);
        let rest = line[at..].replacen(&name, &self.pairs[0].0, 1);
        line.replace_range(at.., &rest);
    }
}

/// The indentation and the end of a line.
fn around(line: &str) -> (&str, &'static str) {
    let indent = &line[..line.len() - line.trim_start_matches(' ').len()];
    let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
    (indent, end)
}

/// Letters and digits alone: nothing to quote.
fn pair_line(pair: &KeyPair) -> String {
    format!("{}: {}", pair.key, pair.secret.expose_secret())
}

#[cfg(test)]
mod tests;
