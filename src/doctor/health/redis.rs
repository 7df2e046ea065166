//! Redis, without which LiveKit does not start when it is named.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::CopiedFile;
use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};
use crate::tls::{Terms, agree};

/// The check.
#[derive(Debug)]
pub struct Redis;

const ABOUT: About = About {
    code: "health.redis",
    group: Group::Health,
    title: "Redis does not answer, and LiveKit does not start without",
    looks_at: "Where `redis:` of livekit.yaml names addresses: each of them, of Redis, of a cluster or of sentinels, is\n\
        logged in to as LiveKit would, over TLS where that is on, and sent a PING. Where the SFU has a network of its own,\n\
        or `redis.tls.insecure` lets any certificate pass, nothing is sent.",
    why: "With `redis:` LiveKit is one node of several, and all that nodes agree on is there. It ends at its start when\n\
        nobody answers, and lets nobody in when Redis is gone later.",
    fix: "Start Redis, or correct `redis:` of livekit.yaml. One SFU alone needs none: take `redis:` out, then\n\
        `urbania up`.",
};

const PATIENCE: Duration = Duration::from_millis(1_500);
/// Answers to what is asked here are short.
const LONGEST: u64 = 4096;
/// More addresses are not asked.
const MOST: usize = 10;

#[async_trait]
impl Check for Redis {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let redis = &site.project()?.livekit.tree["redis"];
        let servers = servers(redis);
        if servers.is_empty() {
            return Ok(Vec::new());
        }
        site.runs_livekit()?;
        site.shares_network()?;
        let tls = Tls::of(redis, &site.effective()?.files)?;
        let answers = servers.iter().map(|server| server.ping(tls.as_ref()));
        let answers = join_all(answers).await;
        let silent = servers.iter().zip(answers);
        let silent = silent
            .filter_map(|(server, answer)| Some(judge(server, tls.is_some(), &answer.err()?)));
        Ok(silent.collect())
    }
}

/// How LiveKit agrees on keys with Redis.
struct Tls {
    /// The name that must be in the certificate, if it is not that of the address.
    name: Option<String>,
    terms: Terms,
}

impl Tls {
    /// `redis.tls` beats the older `redis.use_tls`.
    fn of(redis: &Value, files: &[CopiedFile]) -> Result<Option<Self>, Blind> {
        let tls = &redis["tls"];
        let is_on = tls["enabled"] == true;
        if !is_on && redis["use_tls"] != true {
            return Ok(None);
        }
        if is_on && tls["insecure"] == true {
            return Err(Blind::because(
                "`redis.tls.insecure` lets any certificate pass",
            ));
        }
        let file = |name: &str| {
            let path = format!("redis.tls.{name}");
            let found = files.iter().find(|file| file.of.path == path);
            found.map(|file| file.contents.clone())
        };
        let name = tls["server_name"].as_str().filter(|_| is_on);
        Ok(Some(Self {
            name: name.filter(|name| !name.is_empty()).map(Into::into),
            terms: Terms {
                authorities: file("ca_cert_file"),
                own: file("client_cert_file").zip(file("client_key_file")),
            },
        }))
    }
}

/// A server, and how LiveKit logs in to it.
struct Server {
    /// The key of livekit.yaml that names it.
    key: &'static str,
    address: String,
    username: String,
    password: SecretString,
    db: u64,
}

/// LiveKit takes sentinels before a cluster, and a cluster before a single server.
fn servers(redis: &Value) -> Vec<Server> {
    let text = |key: &str| redis[key].as_str().unwrap_or_default().to_owned();
    let all = |key: &str| -> Vec<String> {
        let all = redis[key].as_array().into_iter().flatten();
        let all = all.filter_map(|address| Some(address.as_str()?.to_owned()));
        all.take(MOST).collect()
    };
    let keys = ["sentinel_addresses", "cluster_addresses", "address"];
    for key in keys {
        let of_sentinel = key == "sentinel_addresses";
        let prefix = if of_sentinel { "sentinel_" } else { "" };
        let addresses = match key {
            "address" => vec![text(key)],
            key => all(key),
        };
        let servers: Vec<_> = addresses
            .into_iter()
            .filter(|address| !address.is_empty())
            .map(|address| Server {
                key,
                address,
                username: text(&format!("{prefix}username")),
                password: text(&format!("{prefix}password")).into(),
                db: if key == "address" {
                    redis["db"].as_u64().unwrap_or(0)
                } else {
                    0
                },
            })
            .collect();
        if !servers.is_empty() {
            return servers;
        }
    }
    Vec::new()
}

impl Server {
    /// Why it is of no use to LiveKit, if it is not.
    async fn ping(&self, tls: Option<&Tls>) -> Result<(), String> {
        match timeout(PATIENCE, self.asked(tls)).await {
            Err(_) => Err("no answer".to_owned()),
            Ok(Err(e)) => Err(e.to_string()),
            Ok(Ok(())) => Ok(()),
        }
    }

    async fn asked(&self, tls: Option<&Tls>) -> io::Result<()> {
        let stream = TcpStream::connect(&self.address).await?;
        let Some(tls) = tls else {
            return self.talk(stream).await;
        };
        let name = tls.name.as_deref().unwrap_or_else(|| self.host());
        self.talk(agree(stream, name, &tls.terms).await?).await
    }

    /// The address without its port.
    fn host(&self) -> &str {
        let (host, _) = self.address.rsplit_once(':').unwrap_or((&self.address, ""));
        host.trim_matches(['[', ']'])
    }

    async fn talk(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let commands = self.commands();
        stream.write_all(commands.concat().as_bytes()).await?;
        stream.flush().await?;
        let mut answers = BufReader::new(stream.take(LONGEST)).lines();
        for _ in &commands {
            match answers.next_line().await? {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(line) if line.starts_with('+') => {}
                Some(line) => {
                    let words = line.trim_start_matches('-').trim();
                    return Err(io::Error::other(words.to_owned()));
                }
            }
        }
        Ok(())
    }

    fn commands(&self) -> Vec<String> {
        let mut commands = Vec::new();
        let password = self.password.expose_secret();
        match (self.username.as_str(), password) {
            (_, "") => {}
            ("", password) => commands.push(command(&["AUTH", password])),
            (user, password) => commands.push(command(&["AUTH", user, password])),
        }
        if self.db != 0 {
            commands.push(command(&["SELECT", &self.db.to_string()]));
        }
        commands.push(command(&["PING"]));
        commands
    }
}

/// A command as Redis reads it, whatever is in its words.
fn command(words: &[&str]) -> String {
    let words = words.iter();
    let each = words
        .clone()
        .map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), each.collect::<String>())
}

fn judge(server: &Server, is_tls: bool, why: &str) -> Finding {
    let Server { key, address, .. } = server;
    let is_refused = ["AUTH", "WRONGPASS"].iter().any(|word| why.contains(word));
    let is_untrusted = is_tls && why.contains("certificate");
    let does = if is_refused {
        "lets nobody in like this"
    } else if is_untrusted {
        "shows a certificate that is not trusted"
    } else if is_tls {
        "does not answer over TLS"
    } else {
        "does not answer"
    };
    let message = format!("Redis at `{address}` {does}, and LiveKit does not start without");
    let finding = Finding::problem(message).evidence(format!("livekit.yaml: redis.{key}: {why}"));
    if is_refused {
        return finding
            .fix("livekit.yaml: redis.username and redis.password must be those of Redis");
    }
    if is_untrusted {
        return finding
            .fix("livekit.yaml: redis.tls: {ca_cert_file: …}, the certificate of who signed that of Redis")
            .fix("or redis.tls: {server_name: …}, the name that is in it");
    }
    finding
        .fix("start Redis there, or correct the address")
        .fix("or for one SFU alone: take `redis:` out of livekit.yaml, then `urbania up`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_servers_that_livekit_takes_are_asked_as_livekit_would() {
        let one = servers(&json!({"address": "r:1", "username": "u", "password": "p w", "db": 2}));
        assert_eq!(
            one[0].commands(),
            [
                "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$3\r\np w\r\n",
                "*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n",
                "*1\r\n$4\r\nPING\r\n",
            ]
        );
        let watched = servers(&json!({
            "address": "r:1", "password": "p", "sentinel_addresses": ["a:1", "b:1"],
            "sentinel_password": "s", "db": 2,
        }));
        assert_eq!(watched.len(), 2);
        assert_eq!(
            watched[1].commands(),
            ["*2\r\n$4\r\nAUTH\r\n$1\r\ns\r\n", "*1\r\n$4\r\nPING\r\n"]
        );
        assert!(servers(&json!({"address": "", "db": 1})).is_empty());
        assert!(servers(&Value::Null).is_empty());
    }
}
