//! Moves ports in every file of the project that names them; all other bytes stay as they are.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::backends::backends;
use super::yaml::{Kind, Node, parse, value_of};
use super::{ENV_FILE, EnvFile, LIVEKIT_FILE, Project, SETTINGS_FILE};
use crate::error::{Context as _, Error, Result};

/// How this machine is called in addresses.
const HERE: [&str; 4] = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];

/// A port that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortMove {
    /// The service that it is of.
    pub service: String,
    /// What for.
    pub purpose: String,
    /// Where it was.
    pub from: u16,
    /// Where it goes.
    pub to: u16,
}

/// A file and what changes in it.
#[derive(Debug, Serialize)]
pub struct FileChange {
    /// The file as the project names it.
    pub file: String,
    /// What changes, a line each; never a secret.
    pub changes: Vec<String>,
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    text: String,
}

impl FileChange {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What will be in it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PortMove {
    /// Where the files say it.
    fn setting(&self) -> Option<(&'static str, &'static str)> {
        match (self.service.as_str(), self.purpose.as_str()) {
            ("livekit", "signalling") => Some((LIVEKIT_FILE, "port")),
            ("livekit", "media over TCP") => Some((LIVEKIT_FILE, "rtc.tcp_port")),
            ("mongodb", _) => Some((SETTINGS_FILE, "services.mongodb.port")),
            ("api", _) => Some((SETTINGS_FILE, "api.listen")),
            _ => None,
        }
    }

    /// Whether `ports --free` knows how to move it.
    pub fn is_known(&self) -> bool {
        self.setting().is_some()
    }
}

/// Plans the changes: the settings themselves, and addresses of this machine in env files and in
/// `livekit_url`. Nothing is written.
pub fn move_ports(project: &Project, moves: &[PortMove]) -> Result<Vec<FileChange>> {
    let mut changes = Vec::new();
    for file in [LIVEKIT_FILE, SETTINGS_FILE] {
        let path = project.dir.join(file);
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = Vec::new();
        for moved in moves {
            let Some((_, setting)) = moved.setting().filter(|(of, _)| *of == file) else {
                continue;
            };
            let value = if setting == "api.listen" {
                format!("{}:{}", host(project), moved.to)
            } else {
                moved.to.to_string()
            };
            text = set(&text, file, setting, &value)?;
            lines.push(format!("{setting}: {} → {}", moved.from, moved.to));
        }
        let url = project
            .settings
            .livekit_url
            .as_deref()
            .filter(|_| file == SETTINGS_FILE);
        if let Some(moved) = url.and_then(|url| elsewhere(url, moves))
            && parse(&text)
                .0
                .is_some_and(|tree| tree.entry("livekit_url").is_some())
        {
            text = set(&text, file, "livekit_url", &moved)?;
            lines.push("livekit_url".to_owned());
        }
        changes.push(FileChange {
            file: file.to_owned(),
            changes: lines,
            path,
            text,
        });
    }
    let own = std::iter::once((ENV_FILE.to_owned(), project.dir.join(ENV_FILE)));
    for (name, path) in own.chain(backends(project)) {
        let env = EnvFile::read(&path).or_fail(|| format!("cannot read `{name}`"))?;
        changes.push(in_env(env, name, path, moves));
    }
    changes.retain(|change| !change.changes.is_empty());
    Ok(changes)
}

fn host(project: &Project) -> String {
    match project.settings.api.listen.ip() {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

fn in_env(mut env: EnvFile, file: String, path: PathBuf, moves: &[PortMove]) -> FileChange {
    let named: Vec<(String, String)> = env
        .assignments()
        .iter()
        .filter_map(|a| Some((a.name.clone(), elsewhere(&a.value, moves)?)))
        .collect();
    let mut changes = Vec::new();
    for (name, value) in named {
        if env.set(&name, &value) {
            changes.push(format!("{name}: its port"));
        }
    }
    FileChange {
        file,
        changes,
        path,
        text: env.text().to_owned(),
    }
}

/// An address of this machine at a port that moves, at its new one.
fn elsewhere(value: &str, moves: &[PortMove]) -> Option<String> {
    for moved in moves {
        for host in HERE {
            let old = format!("{host}:{}", moved.from);
            let Some(at) = value.find(&old) else {
                continue;
            };
            let (before, after) = (&value[..at], &value[at + old.len()..]);
            let begins = before.ends_with("//") || before.ends_with('@');
            if begins && !after.starts_with(|c: char| c.is_ascii_digit()) {
                return Some(format!("{before}{host}:{}{after}", moved.to));
            }
        }
    }
    None
}

/// The text with another value of one setting, which may not be there yet.
fn set(text: &str, file: &str, path: &str, value: &str) -> Result<String> {
    let by_hand = || {
        Error::usage(format!("`{path}` of {file} cannot be changed in place"))
            .hint(format!("write it yourself: {path}: {value}"))
    };
    let tree = parse(text).0;
    let changed = match tree.as_ref().and_then(|tree| tree.entry(path)) {
        Some(entry) => in_place(text, &entry.value, value),
        None => added(text, tree.as_ref(), path, value),
    };
    let changed = changed.ok_or_else(by_hand)?;
    let read = parse(&changed)
        .0
        .map_or(Value::Null, |tree| value_of(&tree));
    let mut expected = tree.map_or(Value::Null, |tree| value_of(&tree));
    let place = path.split('.').fold(&mut expected, |at, key| &mut at[key]);
    *place = value
        .parse::<u16>()
        .map_or_else(|_| value.into(), Value::from);
    if read == expected {
        Ok(changed)
    } else {
        Err(by_hand())
    }
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

/// At the end, where nothing of its section is there.
fn added(text: &str, tree: Option<&Node>, path: &str, value: &str) -> Option<String> {
    let first = path.split('.').next()?;
    if tree.is_some_and(|tree| tree.entry(first).is_some()) {
        return None;
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
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves() -> Vec<PortMove> {
        vec![PortMove {
            service: "livekit".into(),
            purpose: "signalling".into(),
            from: 7880,
            to: 7885,
        }]
    }

    #[test]
    fn a_setting_changes_where_it_stands_or_is_added() {
        let set = |text: &str, path: &str, value: &str| set(text, "f", path, value).ok();
        assert_eq!(
            set("a: 1\nport: 7880 # why\n", "port", "7885").unwrap(),
            "a: 1\nport: 7885 # why\n"
        );
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
        assert_eq!(set("rtc: {node_ip: 10.0.0.1}\n", "rtc.tcp_port", "1"), None);
    }

    #[test]
    fn addresses_of_this_machine_follow_and_others_do_not() {
        let moved = |value: &str| elsewhere(value, &moves());
        assert_eq!(moved("ws://localhost:7880").unwrap(), "ws://localhost:7885");
        assert_eq!(
            moved("http://u:p@127.0.0.1:7880/x").unwrap(),
            "http://u:p@127.0.0.1:7885/x"
        );
        for other in [
            "ws://sfu.example.org:7880",
            "ws://localhost:78801",
            "ws://notlocalhost:7880",
            "7880",
        ] {
            assert_eq!(moved(other), None, "{other}");
        }
    }
}
