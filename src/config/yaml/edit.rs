//! One setting changed in the text of a file; all other bytes stay as they are.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Entry, Kind, Node, parse, value_of};
use crate::error::{Error, Result};

/// The text with another value of one setting, which may not be there yet.
pub fn set(text: &str, file: &str, path: &str, value: &str) -> Result<String> {
    let by_hand = || {
        Error::usage(format!("`{path}` of {file} cannot be changed in place"))
            .hint(format!("write it yourself: {path}: {value}"))
    };
    let tree = parse(text).0;
    let changed = match tree.as_ref().and_then(|tree| tree.entry(path)) {
        Some(entry) => in_place(text, &entry.value, value),
        None => Some(added(text, tree.as_ref(), path, value)),
    };
    let mut expected = whole(tree);
    *at(&mut expected, path) = value
        .parse::<u16>()
        .map_or_else(|_| value.into(), Value::from);
    checked(changed, &expected).ok_or_else(by_hand)
}

/// The text with another text for one item of a list.
pub fn set_item(text: &str, file: &str, list: &str, index: usize, value: &str) -> Result<String> {
    let tree = parse(text).0;
    let item = tree
        .as_ref()
        .and_then(|tree| match &tree.entry(list)?.value.kind {
            Kind::List(items) => items.get(index),
            Kind::Scalar { .. } | Kind::Map(_) => None,
        });
    let changed = item.and_then(|item| in_place(text, item, value));
    let mut expected = whole(tree);
    at(&mut expected, list)[index] = value.into();
    checked(changed, &expected).ok_or_else(|| {
        Error::usage(format!("`{list}` of {file} cannot be changed in place"))
            .hint(format!("write it yourself: {value}"))
    })
}

fn whole(tree: Option<Node>) -> Value {
    tree.map_or(Value::Null, |tree| value_of(&tree))
}

fn at<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').fold(value, |at, key| &mut at[key])
}

/// Whatever way of writing was not thought of is left to the author of the file.
fn checked(changed: Option<String>, expected: &Value) -> Option<String> {
    changed.filter(|text| whole(parse(text).0) == *expected)
}

fn in_place(text: &str, node: &Node, value: &str) -> Option<String> {
    let Kind::Scalar { text: old, .. } = &node.kind else {
        return None;
    };
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let line = lines.get_mut(node.at.line - 1)?;
    let (at, _) = line.char_indices().nth(node.at.column - 1)?;
    let rest = line[at..].replacen(old, value, 1);
    line.replace_range(at.., &rest);
    Some(lines.concat())
}

/// As the first setting of its section, or with its section at the end.
fn added(text: &str, tree: Option<&Node>, path: &str, value: &str) -> String {
    if let Some((section, key)) = path.rsplit_once('.')
        && let Some(first) = tree.and_then(|tree| first_of(tree, section))
    {
        let indent = " ".repeat(first.at.column - 1);
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let line = format!("{indent}{key}: {value}\n");
        lines.insert(first.at.line - 1, &line);
        return lines.concat();
    }
    let mut changed = text.to_owned();
    if !changed.is_empty() && !changed.ends_with('\n') {
        changed.push('\n');
    }
    let keys: Vec<&str> = path.split('.').collect();
    for (depth, key) in keys.iter().enumerate() {
        let indent = "  ".repeat(depth);
        let _ = if depth + 1 == keys.len() {
            writeln!(changed, "{indent}{key}: {value}")
        } else {
            writeln!(changed, "{indent}{key}:")
        };
    }
    changed
}

fn first_of<'a>(tree: &'a Node, section: &str) -> Option<&'a Entry> {
    match &tree.entry(section)?.value.kind {
        Kind::Map(entries) => entries.first(),
        Kind::Scalar { .. } | Kind::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    fn set(text: &str, path: &str, value: &str) -> Option<String> {
        super::set(text, "f", path, value).ok()
    }

    #[test]
    fn a_setting_changes_where_it_stands() {
        assert_eq!(
            set("a: 1\nport: 7880 # why\n", "port", "7885").unwrap(),
            "a: 1\nport: 7885 # why\n"
        );
    }

    #[test]
    fn a_setting_is_added_where_it_belongs() {
        assert_eq!(
            set(
                "s: {mongodb: {port: 1}}\napi: {listen: '127.0.0.1:8000'}",
                "api.listen",
                "127.0.0.1:8001"
            )
            .unwrap(),
            "s: {mongodb: {port: 1}}\napi: {listen: '127.0.0.1:8001'}"
        );
        assert_eq!(
            set("name: demo", "services.mongodb.port", "27018").unwrap(),
            "name: demo\nservices:\n  mongodb:\n    port: 27018\n"
        );
        assert_eq!(
            set(
                "rtc:\n  # mine\n  tcp_port: 1\nport: 2\n",
                "rtc.udp_port",
                "7882-7890"
            )
            .unwrap(),
            "rtc:\n  # mine\n  udp_port: 7882-7890\n  tcp_port: 1\nport: 2\n"
        );
    }

    #[test]
    fn an_item_of_a_list_changes_where_it_stands() {
        for (before, after) in [
            (
                "w:\n  u:\n    - one # why\n    - two\n",
                "w:\n  u:\n    - one # why\n    - 2nd\n",
            ),
            ("w: {u: [one, \"two\"]}\n", "w: {u: [one, \"2nd\"]}\n"),
        ] {
            assert_eq!(
                super::set_item(before, "f", "w.u", 1, "2nd").unwrap(),
                after
            );
        }
        let alias = "a: &a two\nu: [one, *a]\n";
        assert!(super::set_item(alias, "f", "u", 1, "2nd").is_err());
    }

    #[test]
    fn what_cannot_be_changed_in_place_is_left_alone() {
        assert_eq!(set("rtc: {node_ip: 10.0.0.1}\n", "rtc.tcp_port", "1"), None);
        assert_eq!(set("port: [1]\n", "port", "2"), None);
    }
}
