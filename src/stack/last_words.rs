//! What a service said before it failed, and what we know about such words.

use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::timeout;

use super::service::Service;
use crate::config::{Project, livekit_secrets};
use crate::engine::{Condition, Engine, LogLine, LogQuery};
use crate::error::Error;

/// Enough to see what happened.
const LINES: usize = 10;
/// Lines read to find that many that say something.
const READ: usize = 60;
/// A log longer than this is read from its end.
const LONGEST: u64 = 64 * 1024;
const LONGEST_LINE: usize = 300;
const PATIENCE: Duration = Duration::from_secs(3);

/// Takes the project's secrets out of text that others wrote.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Vec<SecretString>);

impl Redactor {
    /// For the secrets of a project.
    pub fn of(project: &Project) -> Self {
        let mut secrets = livekit_secrets(&project.livekit);
        secrets.extend(project.auth_secrets());
        if let Some(uri) = project.mongodb_uri() {
            let written = password_of(uri.expose_secret());
            secrets.extend(written.as_ref().map(decoded));
            secrets.extend(written);
        }
        // The word `secret` of a documented development pair would blank out half of every log.
        secrets.retain(|s| s.expose_secret().len() >= 8);
        Self(secrets)
    }

    /// The text without them.
    pub fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "[secret]")
        })
    }
}

/// The password as it stands in an address.
fn password_of(uri: &str) -> Option<SecretString> {
    let (_, rest) = uri.split_once("://")?;
    let (user, _) = rest.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    Some(password.into())
}

/// The password as the server knows it.
fn decoded(password: &SecretString) -> SecretString {
    // Unlike in forms, a plus is a plus in an address.
    let written = password.expose_secret();
    let field = format!("={}", written.replace('+', "%2B").replace('&', "%26"));
    let value = form_urlencoded::parse(field.as_bytes()).map(|(_, value)| value);
    value.collect::<String>().into()
}

/// The last lines of an instance that say something.
pub async fn of_instance(engine: &dyn Engine, id: &str, redactor: &Redactor) -> Vec<String> {
    let query = LogQuery {
        tail: Some(READ),
        ..LogQuery::default()
    };
    let lines = engine.logs(id, &query).try_collect::<Vec<LogLine>>();
    match timeout(PATIENCE, lines).await {
        Ok(Ok(lines)) => telling(lines.iter().map(|l| l.text.as_str()), redactor),
        _ => Vec::new(),
    }
}

/// The last lines of a log file from byte `from` on that say something.
pub async fn of_file(log: &Path, from: u64, redactor: &Redactor) -> Vec<String> {
    let Ok(mut file) = tokio::fs::File::open(log).await else {
        return Vec::new();
    };
    let length = file.metadata().await.map_or(0, |m| m.len());
    // A log that is shorter now was turned over.
    let from = if from > length { 0 } else { from };
    let from = from.max(length.saturating_sub(LONGEST));
    let mut bytes = Vec::new();
    if file.seek(std::io::SeekFrom::Start(from)).await.is_err()
        || file.take(LONGEST).read_to_end(&mut bytes).await.is_err()
    {
        return Vec::new();
    }
    telling(String::from_utf8_lossy(&bytes).lines(), redactor)
}

fn telling<'a>(lines: impl Iterator<Item = &'a str>, redactor: &Redactor) -> Vec<String> {
    let mut found: Vec<String> = lines
        .map(|line| redactor.clean(anstream::adapter::strip_str(line).to_string().trim_end()))
        .filter(|line| !line.trim().is_empty())
        .map(shortened)
        .collect();
    found.split_off(found.len().saturating_sub(LINES))
}

/// A line that fits into an error.
pub fn shortened(mut line: String) -> String {
    if let Some((end, _)) = line.char_indices().nth(LONGEST_LINE) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// What becomes of a service that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is removed, and its log with it.
    Nothing,
    /// It is there and its log can be read.
    Log,
    /// It ran before and is left alone.
    Service,
}

/// `what` happened, with the service's own words below it and a way out if we know one.
pub fn failure(
    what: &str,
    service: Service,
    words: &[String],
    end: Option<&Condition>,
    left: Left,
) -> Error {
    let hint = hint(service, words, end);
    let message = if words.is_empty() {
        format!("{what}; it said nothing")
    } else {
        words
            .iter()
            .fold(format!("{what}; its last words:"), |m, w| m + "\n  | " + w)
    };
    let error = Error::failed(message);
    match (hint, left) {
        (Some(hint), _) => error.hint(hint),
        (None, Left::Nothing) => error.hint("put that right, then run urbania up again"),
        (None, Left::Log) => error.hint(format!("urbania logs {service}   shows more")),
        (None, Left::Service) => error
            .hint(format!("urbania restart {service}   stops and starts it"))
            .hint(format!("urbania logs {service}   shows more")),
    }
}

/// What to do where LiveKit gets rid of no room events. It says so when it has tried for 15 seconds.
const NO_TAKER: &str = "nobody takes room events at `webhook.urls`: is the API up (urbania status), and is a firewall between?";

/// Words that services end with, and the way out.
const KNOWN: [(&str, &str); 21] = [
    (
        "address already in use",
        "urbania ports   shows who holds the port",
    ),
    (
        "cannot assign requested address",
        "`bind_addresses` in livekit.yaml must be addresses of the machine that the SFU runs on",
    ),
    (
        "turn tls cert required",
        "turn.cert_file and turn.key_file must be a PEM certificate and its key; with turn.external_tls, a proxy has them",
    ),
    (
        "one of key-file or keys must be provided",
        "livekit.yaml needs a pair under `keys:`; urbania init writes one",
    ),
    (
        "not found in type config",
        "a key in livekit.yaml is unknown to this release of LiveKit: urbania config validate",
    ),
    (
        "could not parse config",
        "livekit.yaml is not what this release of LiveKit understands: urbania config validate",
    ),
    (
        "could not parse keys",
        "`keys:` in livekit.yaml must be `name: secret` lines",
    ),
    (
        "could not resolve external ip",
        "rtc.use_external_ip asks STUN servers; set it to false where none can be reached",
    ),
    (
        "stun servers are required but not defined",
        "rtc.use_external_ip asks STUN servers; set it to false where none can be reached",
    ),
    (
        "unable to connect to redis",
        "the `redis:` of livekit.yaml must be reachable; without it LiveKit runs alone",
    ),
    (
        "api_key is required to use webhooks",
        "webhook.api_key must be the name of a key under `keys:`",
    ),
    (
        "no space left on device",
        "the engine's disk is full: docker system df, docker system prune",
    ),
    (
        "invalid featurecompatibilityversion document",
        "the volume was made by another version of MongoDB: choose it under images: in urbania.yaml",
    ),
    (
        "/data/db/mongod.lock: permission denied",
        "the service may not read or write its files: is the volume its own?",
    ),
    ("failed to send webhook", NO_TAKER),
    ("failed to notify webhook", NO_TAKER),
    (
        "udp receive buffer is too small",
        "net.core.rmem_max is small: urbania doctor --explain machine.udp-buffer",
    ),
    (
        "secret is too short",
        "LiveKit asks for secrets of 32 characters or more: openssl rand -hex 32",
    ),
    (
        "could not find any relay candidates",
        "TURN gives no address that clients reach: urbania doctor --only config",
    ),
    (
        "too many open files",
        "the limit of open files is reached: ulimit -n 65536, then urbania restart",
    ),
    (
        "requires a cpu with avx",
        "this processor has no AVX, which MongoDB 5 and newer need: images: {mongodb: \"mongo:4.4\"}",
    ),
];

/// What we know of such words: by what they are known, and the way out.
pub fn known(service: Service, words: &str) -> Option<(&'static str, &'static str)> {
    const CANNOT_LISTEN: (&str, &str) = (
        "cannot listen on",
        "`api.listen` in urbania.yaml must be an address of this machine",
    );
    let said = words.to_ascii_lowercase();
    if service == Service::Api && said.contains(CANNOT_LISTEN.0) {
        return Some(CANNOT_LISTEN);
    }
    KNOWN.into_iter().find(|(mark, _)| said.contains(mark))
}

fn hint(service: Service, words: &[String], end: Option<&Condition>) -> Option<&'static str> {
    if let Some((_, hint)) = known(service, &words.join("\n")) {
        return Some(hint);
    }
    let end = end?;
    if end.out_of_memory {
        return Some("the kernel ended it for lack of memory");
    }
    // SIGILL: the processor does not know an instruction.
    (service == Service::Mongodb && end.exit_code == Some(132)).then_some(
        "this processor has no AVX, which MongoDB 5 and newer need: images: {mongodb: \"mongo:4.4\"}",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Env;
    use crate::engine::State;

    #[test]
    fn the_last_words_are_quoted_with_a_way_out() {
        let words = [
            "starting".to_owned(),
            "could not listen: listen tcp :7880: bind: address already in use".to_owned(),
        ];
        let error = failure(
            "`livekit` ended while it started",
            Service::Livekit,
            &words,
            None,
            Left::Nothing,
        );
        assert_eq!(
            error.to_string(),
            "`livekit` ended while it started; its last words:\n  | starting\n  | could not listen: listen tcp :7880: bind: address already in use"
        );
        assert_eq!(error.hints(), ["urbania ports   shows who holds the port"]);
    }

    #[test]
    fn a_processor_without_avx_is_known_by_its_exit_code() {
        let end = Condition {
            state: State::Exited,
            started: None,
            exit_code: Some(132),
            out_of_memory: false,
            pid: None,
            restarts: 0,
        };
        let error = failure(
            "`mongodb` ended",
            Service::Mongodb,
            &[],
            Some(&end),
            Left::Nothing,
        );
        assert_eq!(error.to_string(), "`mongodb` ended; it said nothing");
        assert!(error.hints()[0].contains("AVX"));
    }

    #[test]
    fn ordinary_lines_are_no_reason_for_a_hint() {
        for line in [
            "using stun servers stun.example:3478",
            "setting featureCompatibilityVersion to 8.0",
            "webhook api_key=APIdemo",
            "client: permission denied for room",
        ] {
            let words = [line.to_owned()];
            let error = failure("it ended", Service::Livekit, &words, None, Left::Log);
            assert_eq!(
                error.hints(),
                ["urbania logs livekit   shows more"],
                "{line}"
            );
        }
    }

    #[test]
    fn secrets_and_colours_are_taken_out_of_words() {
        let redactor = Redactor(vec!["a secret of thirty-two characters".into()]);
        let lines = "\u{1b}[31mbad key a secret of thirty-two characters\u{1b}[0m\n\n";
        assert_eq!(telling(lines.lines(), &redactor), ["bad key [secret]"]);
    }

    #[test]
    fn the_password_of_an_address_is_found() {
        let password = password_of("mongodb://urbania:hunter2@127.0.0.1/x").unwrap();
        assert_eq!(password.expose_secret(), "hunter2");
        assert!(password_of("mongodb://127.0.0.1/x").is_none());
    }

    #[test]
    fn redis_and_escaped_passwords_are_taken_out_too() {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in [
            (
                "livekit.yaml",
                "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\nredis: {address: 'r:1', password: redis-password}\n",
            ),
            (
                ".env",
                "MONGODB_URI=mongodb://urbania:p%40ss+w%2Frd&@127.0.0.1/urbania\n",
            ),
        ] {
            std::fs::write(dir.path().join(file), text).unwrap();
        }
        let project = Project::load_from(dir.path(), &Env::default()).unwrap();
        assert_eq!(
            Redactor::of(&project)
                .clean("redis-password p@ss+w/rd& p%40ss+w%2Frd& aaaaaaaaaabbbbbbbbbbccccccccccdd"),
            "[secret] [secret] [secret] [secret]"
        );
    }
}
