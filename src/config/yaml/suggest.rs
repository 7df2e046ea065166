//! "Did you mean": what an unknown key was probably meant to be.

use serde_json::Value;

use super::read::join;

/// What an unknown key was probably meant to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// Another key of the same map.
    Misspelt(String),
    /// The right key in the wrong map; the path of the right one.
    Elsewhere(String),
}

impl Suggestion {
    /// Looks in the map's own schema first, then in the whole.
    pub fn find(key: &str, schema: &Value, root: &Value) -> Option<Self> {
        let own = schema["properties"].as_object();
        let names = || own.into_iter().flat_map(|p| p.keys().map(String::as_str));
        let near = Self::nearest(key, names());
        if let Some(name) = near.filter(|name| distance(key, name) <= 2) {
            return Some(Self::Misspelt(name.to_owned()));
        }
        let mut places = Vec::new();
        places_of(key, root, "", &mut places);
        match <[String; 1]>::try_from(places) {
            Ok([place]) => Some(Self::Elsewhere(place)),
            Err(_) => near.map(|name| Self::Misspelt(name.to_owned())),
        }
    }

    /// The name that is close enough to be a slip of the finger.
    pub fn nearest<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        names
            .map(|name| (distance(key, name), name))
            .filter(|(distance, name)| *distance <= (key.len().max(name.len()) / 3).max(1))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, name)| name)
    }
}

/// Letters that differ; case, `-` and `_` do not count, so that `portRangeStart` is close.
fn distance(a: &str, b: &str) -> usize {
    let plain = |s: &str| s.to_lowercase().replace(['-', '_'], "");
    strsim::damerau_levenshtein(&plain(a), &plain(b))
}

fn places_of(key: &str, schema: &Value, path: &str, places: &mut Vec<String>) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    for (name, schema) in properties {
        if name == key {
            places.push(path.to_owned());
        }
        places_of(key, schema, &join(path, name), places);
    }
}
