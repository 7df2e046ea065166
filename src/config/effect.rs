//! What comes of something in LiveKit's file.

use serde::Serialize;

/// What LiveKit does about something in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It does not start, or serves nobody.
    Refuses,
    /// Whether it starts depends on something that the file does not say.
    Depends,
    /// It starts as if this were not there.
    Ignores,
    /// It starts and takes this for something else.
    Alters,
    /// It starts, and something fails later: joins, or the question how it is.
    Fails,
    /// It starts and does as it is told, which was hardly meant.
    Warns,
}
