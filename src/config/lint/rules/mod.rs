//! What LiveKit's start does about values that are of their keys' types.

mod keys;
mod limits;
mod nodes;
mod ports;
mod rtc;
mod turn;

use std::net::IpAddr;

use serde_json::Value;

pub use self::keys::NO_KEY;
use super::{Lint, Origin, Version};
use crate::config::Effect;
use crate::config::yaml::{Node, nanoseconds};

/// The largest number of a port.
const LAST_PORT: i64 = 65_535;

/// Applies the rules of a release to what was read from a document.
pub fn judge(tree: &Node, value: &Value, release: Version) -> Vec<Lint> {
    let mut file = File {
        tree,
        value,
        release,
        lints: Vec::new(),
    };
    keys::judge(&mut file);
    ports::judge(&mut file);
    rtc::judge(&mut file);
    turn::judge(&mut file);
    nodes::judge(&mut file);
    limits::judge(&mut file);
    file.lints
}

/// A file that was read, and what was found in it.
struct File<'a> {
    tree: &'a Node,
    value: &'a Value,
    release: Version,
    lints: Vec<Lint>,
}

impl<'a> File<'a> {
    /// The value at a path; of lists, `list[0]`.
    fn at(&self, path: &str) -> Option<&'a Value> {
        let mut value = self.value;
        for step in path.split('.') {
            let (name, index) = step.split_once('[').unwrap_or((step, ""));
            value = value.get(name)?;
            if let Ok(index) = index.trim_end_matches(']').parse::<usize>() {
                value = value.get(index)?;
            }
        }
        Some(value)
    }

    fn is_set(&self, path: &str) -> bool {
        self.at(path).is_some()
    }

    fn int(&self, path: &str, otherwise: i64) -> i64 {
        let number = self.at(path).and_then(Value::as_i64);
        number.unwrap_or(otherwise)
    }

    fn text(&self, path: &str) -> &'a str {
        self.at(path).and_then(Value::as_str).unwrap_or_default()
    }

    fn flag(&self, path: &str) -> bool {
        self.at(path).and_then(Value::as_bool).unwrap_or(false)
    }

    fn list(&self, path: &str) -> Option<&'a Vec<Value>> {
        self.at(path).and_then(Value::as_array)
    }

    fn texts(&self, path: &str) -> Vec<&'a str> {
        let items = self.list(path).into_iter().flatten();
        items.filter_map(Value::as_str).collect()
    }

    /// A duration that is set.
    fn duration(&self, path: &str) -> Option<f64> {
        nanoseconds(self.at(path)?.as_str()?)
    }

    fn found(&mut self, path: &str, effect: Effect, message: impl Into<String>) {
        self.lints.push(Lint {
            at: self.tree.position(path),
            path: path.to_owned(),
            effect,
            message: message.into(),
            origin: Origin::Rule,
        });
    }

    fn refuses(&mut self, path: &str, message: impl Into<String>) {
        self.found(path, Effect::Refuses, message);
    }

    fn ignores(&mut self, path: &str, message: impl Into<String>) {
        self.found(path, Effect::Ignores, message);
    }
}

/// Whether it is a network such as `10.0.0.0/8`.
fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    let digits = bits.chars().all(|c| c.is_ascii_digit());
    digits && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

#[cfg(test)]
mod tests {
    use super::is_network;

    #[test]
    fn a_network_has_an_address_and_its_bits() {
        for text in ["10.0.0.0/8", "192.168.1.5/32", "fd00::/8", "0.0.0.0/0"] {
            assert!(is_network(text), "{text}");
        }
        for text in ["10.0.0.1", "10.0.0.0/33", "10.0.0.0/", "a/8", "10.0.0.0/+8"] {
            assert!(!is_network(text), "{text}");
        }
    }
}
