//! Why one does not see or hear another, in words, and what to do next.

use crate::lab::scenario::Media;

/// Why one does not see or hear another.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// One of them is not in the room.
    #[error("{who} did not join: {why}")]
    NotJoined { who: String, why: String },
    /// The page of one of them said nothing.
    #[error("the page of {0} does not answer")]
    NoPage(String),
    /// The connection of one of them is gone.
    #[error("{who} is not in the room any more: the connection is {state}")]
    CutOff { who: String, state: String },
    /// Its token does not allow it.
    #[error("{who} may not publish a {media}: its token does not allow it")]
    MayNotPublish { who: String, media: Media },
    /// The SFU or the browser does not take it.
    #[error("{who} publishes no {media}: {why}")]
    NotPublished {
        who: String,
        media: Media,
        why: String,
    },
    /// It is switched off where it is made.
    #[error("{who} publishes no {media}: muted at the source")]
    Muted { who: String, media: Media },
    /// Its token does not allow it.
    #[error("{0} may not subscribe (canSubscribe is false)")]
    MayNotSubscribe(String),
    /// The SFU keeps it to itself.
    #[error("the SFU does not tell {to} of {from}'s {media}")]
    NotAnnounced {
        from: String,
        to: String,
        media: Media,
    },
    /// The SFU announces it and does not give it.
    #[error("the SFU does not give {from}'s {media} to {to}")]
    NotSubscribed {
        from: String,
        to: String,
        media: Media,
    },
    /// Nothing leaves the sender.
    #[error("{from} sends no packets of its {media}{path}")]
    NothingSent {
        from: String,
        media: Media,
        path: String,
    },
    /// Nothing reaches the receiver.
    #[error("{to} gets no packets of {from}'s {media}{path}")]
    NoPackets {
        from: String,
        to: String,
        media: Media,
        path: String,
    },
    /// Packets and no pictures.
    #[error("{to} gets packets of {from} but decodes none: {why}")]
    NotDecoded {
        from: String,
        to: String,
        why: String,
    },
    /// Decoded, and not on the page.
    #[error("{to} decodes pictures of {from}, but its page has shown none")]
    NotShown { from: String, to: String },
    /// Pictures that do not check.
    #[error("{to} shows pictures of {from}, but none of {count} can be read")]
    Unreadable {
        from: String,
        to: String,
        count: f64,
    },
    /// The wrong picture.
    #[error("{to} sees the picture of {other} where {from}'s is expected")]
    OtherPicture {
        from: String,
        to: String,
        other: String,
    },
    /// It was there and is not any more.
    #[error("{from}'s {media} stopped for {to} {ago:.1} s before the end")]
    Stopped {
        from: String,
        to: String,
        media: Media,
        ago: f64,
    },
    /// It was away for too long.
    #[error("{from}'s camera stood still for {to} for {gap:.1} s")]
    StoodStill { from: String, to: String, gap: f64 },
    /// Sound without any.
    #[error("{to} gets the sound of {from}, but it is silent")]
    Silent { from: String, to: String },
    /// No tone of this call.
    #[error("{to} hears something of {from}, but no tone of this call")]
    NoTone { from: String, to: String },
    /// The wrong tone.
    #[error("{to} hears the tone of {other} where {from}'s is expected")]
    OtherTone {
        from: String,
        to: String,
        other: String,
    },
}

impl Reason {
    /// What to do next, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotJoined { why, .. } if why.starts_with("token refused") => {
                Some("urbania keys check   proves every key pair against the SFU")
            }
            Self::NotJoined { why, .. } if why.ends_with("does not answer") => {
                Some("urbania status   shows what runs")
            }
            Self::NotJoined { why, .. } if why.contains("through") => Some(ICE),
            Self::NothingSent { .. } | Self::NoPackets { .. } => Some(ICE),
            _ => None,
        }
    }
}

const ICE: &str = "urbania doctor --only ice   tries every address that the SFU offers";
