//! Moves ports in the files of the project that urbania knows; all other bytes stay as they are.

mod addresses;
mod left_alone;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use self::addresses::{Moved, elsewhere};
pub use self::left_alone::{LeftAlone, left_alone};
use super::backends::backends;
use super::yaml::{Kind, parse, set, set_item};
use super::{ENV_FILE, EnvFile, LIVEKIT_FILE, Project, SETTINGS_FILE, UdpPorts};
use crate::error::{Context as _, Result};
use crate::host::sockets::Protocol;

/// A port that moves, or ports in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortMove {
    /// The service that it is of.
    pub service: String,
    /// What for.
    pub purpose: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// Where it was, or the first.
    pub from: u16,
    /// Where it goes, or the first.
    pub to: u16,
    /// How many there are.
    pub count: u16,
}

/// What is to be written into a file of the project.
struct Setting {
    file: &'static str,
    path: &'static str,
    old: String,
    new: String,
}

impl Setting {
    fn new(file: &'static str, path: &'static str, old: &str, new: &str) -> Self {
        Self {
            file,
            path,
            old: old.to_owned(),
            new: new.to_owned(),
        }
    }
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
    /// What the files have to say; nothing where `ports --free` does not know how to move it.
    fn settings(&self, project: &Project) -> Vec<Setting> {
        let livekit = |path| Setting::new(LIVEKIT_FILE, path, &self.before(), &self.after());
        match (self.service.as_str(), self.purpose.as_str()) {
            ("livekit", "signalling") => vec![livekit("port")],
            ("livekit", "media over TCP") => vec![livekit("rtc.tcp_port")],
            ("livekit", "media") => self.media(project.livekit.rtc.udp()),
            ("livekit", "TURN") => vec![livekit("turn.udp_port")],
            ("livekit", "TURN over TLS") => vec![livekit("turn.tls_port")],
            ("livekit", "metrics") if project.livekit.prometheus_port == self.from => {
                vec![livekit("prometheus_port")]
            }
            ("livekit", "metrics") => vec![livekit("prometheus.port")],
            ("livekit", "profiler") => vec![livekit("debug_handler.port")],
            ("mongodb", _) => {
                let (old, new) = (self.before(), self.after());
                vec![Setting::new(
                    SETTINGS_FILE,
                    "services.mongodb.port",
                    &old,
                    &new,
                )]
            }
            ("api", _) => {
                let new = format!("{}:{}", host(project), self.to);
                vec![Setting::new(
                    SETTINGS_FILE,
                    "api.listen",
                    &self.before(),
                    &new,
                )]
            }
            _ => Vec::new(),
        }
    }

    fn media(&self, udp: UdpPorts) -> Vec<Setting> {
        let (from, to, more) = (self.from, self.to, self.count - 1);
        let one = |path, old: u16, new: u16| {
            Setting::new(LIVEKIT_FILE, path, &old.to_string(), &new.to_string())
        };
        match udp {
            UdpPorts::Mux { .. } => {
                let (old, new) = (self.before(), self.after());
                vec![Setting::new(LIVEKIT_FILE, "rtc.udp_port", &old, &new)]
            }
            UdpPorts::Range { first, last } if (first, last) == (from, from + more) => vec![
                one("rtc.port_range_start", from, to),
                one("rtc.port_range_end", from + more, to + more),
            ],
            // The development SFU takes the first port of the range for all media.
            UdpPorts::Range { first, last } if first == from && more == 0 => vec![
                one("rtc.port_range_start", first, to),
                one("rtc.port_range_end", last, last.max(to)),
            ],
            // The port that `up` chose in place of the range.
            UdpPorts::Range { .. } => Vec::new(),
        }
    }

    /// Whether addresses have it: media goes by UDP, to where the SFU says.
    fn is_in_addresses(&self) -> bool {
        self.protocol == Protocol::Tcp
    }

    /// Where it was: `7880` or `50000-60000`.
    pub fn before(&self) -> String {
        span(self.from, self.count)
    }

    /// Where it goes.
    pub fn after(&self) -> String {
        span(self.to, self.count)
    }

    /// Whether `ports --free` knows how to move it.
    pub fn is_known(&self, project: &Project) -> bool {
        !self.settings(project).is_empty()
    }
}

fn span(first: u16, count: u16) -> String {
    if count > 1 {
        format!("{first}-{}", first + (count - 1))
    } else {
        first.to_string()
    }
}

/// Plans the changes: the settings themselves, and addresses of this machine in `webhook.urls`, in
/// `livekit_url` and in env files. Nothing is written.
pub fn move_ports(project: &Project, moves: &[PortMove]) -> Result<Vec<FileChange>> {
    let mut changes = Vec::new();
    for file in [LIVEKIT_FILE, SETTINGS_FILE] {
        let path = project.dir.join(file);
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = Vec::new();
        let settings = moves.iter().flat_map(|moved| moved.settings(project));
        for setting in settings.filter(|setting| setting.file == file) {
            let Setting { path, old, new, .. } = setting;
            let written = set(&text, file, path, &new)?;
            if written == text {
                continue;
            }
            text = written;
            let port = new.rsplit_once(':').map_or(&*new, |(_, port)| port);
            lines.push(format!("{path}: {old} → {port}"));
        }
        match file {
            LIVEKIT_FILE => move_webhooks(&mut text, &mut lines, moves)?,
            _ => move_livekit_url(&mut text, &mut lines, moves)?,
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

fn move_webhooks(text: &mut String, lines: &mut Vec<String>, moves: &[PortMove]) -> Result<()> {
    let tree = parse(text).0;
    let urls = tree.as_ref().and_then(|tree| tree.entry("webhook.urls"));
    let Some(Kind::List(urls)) = urls.map(|urls| &urls.value.kind) else {
        return Ok(());
    };
    for (index, url) in urls.iter().enumerate() {
        if let Kind::Scalar { text: url, .. } = &url.kind
            && let Some(moved) = elsewhere(url, moves)
        {
            *text = set_item(text, LIVEKIT_FILE, "webhook.urls", index, &moved.text)?;
            lines.push(format!("webhook.urls: {}", moved.places()));
        }
    }
    Ok(())
}

fn move_livekit_url(text: &mut String, lines: &mut Vec<String>, moves: &[PortMove]) -> Result<()> {
    let tree = parse(text).0;
    let url = tree.as_ref().and_then(|tree| tree.entry("livekit_url"));
    if let Some(Kind::Scalar { text: url, .. }) = url.map(|url| &url.value.kind)
        && let Some(moved) = elsewhere(url, moves)
    {
        *text = set(text, SETTINGS_FILE, "livekit_url", &moved.text)?;
        lines.push(format!("livekit_url: {}", moved.places()));
    }
    Ok(())
}

fn host(project: &Project) -> String {
    match project.settings.api.listen.ip() {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

fn in_env(mut env: EnvFile, file: String, path: PathBuf, moves: &[PortMove]) -> FileChange {
    let named: Vec<(String, Moved)> = env
        .assignments()
        .iter()
        .filter_map(|a| Some((a.name.clone(), elsewhere(&a.value, moves)?)))
        .collect();
    let mut changes = Vec::new();
    for (name, moved) in named {
        if env.set(&name, &moved.text) {
            changes.push(format!("{name}: {}", moved.places()));
        }
    }
    FileChange {
        file,
        changes,
        path,
        text: env.text().to_owned(),
    }
}
