//! The files that `livekit.yaml` names, such as certificates: the SFU gets copies of them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::Value;

use super::yaml::{Kind, Node, Position, join};
use super::{EngineKind, LIVEKIT_FILE, LivekitConfig, Problem};

/// Certificates and keys are much smaller; what is larger was not meant.
const LARGEST: u64 = 1 << 20;

/// A file that `livekit.yaml` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Path of the key, `turn.cert_file`.
    pub path: String,
    /// Where the name stands.
    pub at: Position,
    /// The file, as it is written there.
    pub written: PathBuf,
}

/// A copy for the SFU.
#[derive(Clone, Debug)]
pub struct CopiedFile {
    /// Where it was named.
    pub of: NamedFile,
    /// What is in it.
    pub contents: SecretString,
}

impl CopiedFile {
    /// Where the copy is for the SFU: inside its container, or in the folder that it runs in.
    pub fn copy(&self, engine: EngineKind) -> String {
        let name = self.of.path.replace('[', ".").replace(']', "");
        match engine {
            EngineKind::Docker => format!("/etc/urbania/{name}"),
            EngineKind::Native | EngineKind::Embedded => name,
        }
    }
}

/// The files that a document names.
pub(super) fn named(tree: &Node, schema: &Value) -> Vec<NamedFile> {
    let mut found = Vec::new();
    collect(tree, schema, "", &mut found);
    found
}

fn collect(node: &Node, schema: &Value, path: &str, found: &mut Vec<NamedFile>) {
    match &node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                let inner = &schema["properties"][&entry.key];
                collect(&entry.value, inner, &join(path, &entry.key), found);
            }
        }
        Kind::List(items) => {
            for (n, item) in items.iter().enumerate() {
                collect(item, &schema["items"], &format!("{path}[{n}]"), found);
            }
        }
        Kind::Scalar { text, .. } => {
            if schema["format"] == "file" && !node.is_null() && !text.is_empty() {
                found.push(NamedFile {
                    path: path.to_owned(),
                    at: node.at,
                    written: text.into(),
                });
            }
        }
    }
}

/// Copies of the files that LiveKit will open, those of a project in `dir`, and what is wrong with
/// the others.
pub(super) fn copies(livekit: &LivekitConfig, dir: &Path) -> (Vec<CopiedFile>, Vec<Problem>) {
    let (mut copies, mut problems) = (Vec::new(), Vec::new());
    for file in livekit
        .files
        .iter()
        .filter(|file| is_opened(livekit, &file.path))
    {
        match read(&dir.join(&file.written)) {
            Ok(contents) => copies.push(CopiedFile {
                of: file.clone(),
                contents: contents.into(),
            }),
            Err(e) => problems.push(Problem {
                source: LIVEKIT_FILE.to_owned(),
                at: Some(file.at),
                path: file.path.clone(),
                message: format!("cannot read `{}`: {e}", file.written.display()),
            }),
        }
    }
    (copies, problems)
}

/// Whether LiveKit opens it at all with these settings.
fn is_opened(livekit: &LivekitConfig, path: &str) -> bool {
    let turn = &livekit.turn;
    match path.split_once('.') {
        Some(("turn", _)) => turn.enabled && turn.tls_port != 0 && !turn.external_tls,
        Some(("redis", _)) => {
            let redis = &livekit.tree["redis"];
            let is_used = |key: &&str| redis[*key] != Value::Null && redis[*key] != "";
            let ways = ["address", "sentinel_addresses", "cluster_addresses"];
            redis["tls"]["enabled"] == true && ways.iter().any(is_used)
        }
        // A secret beside its file beats it.
        Some(("rtc", of)) => {
            let server = of
                .split(['[', ']'])
                .nth(1)
                .and_then(|n| n.parse::<usize>().ok());
            let secret = |n: usize| &livekit.tree["rtc"]["turn_servers"][n]["secret"];
            server.is_none_or(|n| secret(n).as_str().is_none_or(str::is_empty))
        }
        _ => true,
    }
}

fn read(path: &Path) -> io::Result<String> {
    let other = |what: &str| Err(io::Error::other(what.to_owned()));
    // Not opened before that is known: a pipe would keep us waiting.
    if !path.metadata()?.is_file() {
        return other("not a file");
    }
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return other("larger than 1 MiB");
    }
    String::from_utf8(text).or_else(|_| other("not a text, such as PEM"))
}
