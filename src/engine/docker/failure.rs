//! The engine's refusals in words for a person.

use bollard::errors::Error as ClientError;

use crate::error::{Error, Result};

/// The status code of a refusal.
pub fn status(e: &ClientError) -> Option<u16> {
    match e {
        ClientError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// The thing asked for is not there.
pub fn missing(e: &ClientError) -> bool {
    status(e) == Some(404)
}

/// Podman's words for a container that has ended, under a status that stands for anything.
pub fn does_not_run(e: &ClientError) -> bool {
    matches!(e, ClientError::DockerResponseServerError { message, .. }
        if message.contains("can only kill running containers"))
}

/// It already is as asked for.
pub fn already(e: &ClientError) -> bool {
    status(e) == Some(304)
}

/// Puts a sentence in front of the engine's refusal.
pub trait Explain<T> {
    /// `doing` says what could not be done.
    fn explain(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Explain<T> for std::result::Result<T, ClientError> {
    fn explain(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|e| explained(doing(), e))
    }
}

/// The engine's own words as the cause, and a way out for the ones we know.
pub fn explained(doing: String, e: ClientError) -> Error {
    let error = Error::failed(doing);
    let words = match e {
        ClientError::DockerResponseServerError { message, .. } => message,
        ClientError::DockerStreamError { error } => error,
        ClientError::RequestTimeoutError => "the engine does not answer in time".to_owned(),
        other => return error.because(other),
    };
    let hint = hint(&words);
    let error = error.because(Words(words.trim().to_owned()));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Ways out of refusals that are often met.
pub fn hint(words: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 5] = [
        (
            "no space left on device",
            "free space where the engine keeps its data: docker system df, docker system prune",
        ),
        (
            "port is already allocated",
            "urbania ports shows who holds it",
        ),
        ("address already in use", "urbania ports shows who holds it"),
        (
            "toomanyrequests",
            "the registry limits anonymous pulls: docker login, then urbania up again",
        ),
        (
            "exec format error",
            "the image is for another processor: choose one under images: in urbania.yaml",
        ),
    ];
    let words = words.to_ascii_lowercase();
    KNOWN
        .iter()
        .find(|(mark, _)| words.contains(mark))
        .map(|(_, hint)| *hint)
}

/// The engine's own sentence as an error's cause.
#[derive(Debug)]
pub struct Words(pub String);

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Words {}
