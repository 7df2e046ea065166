//! What a token allows: the `video` grant.

use std::fmt;

use serde::Serialize;

/// The `video` claim, in LiveKit's camelCase. What is not granted is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "LiveKit's own shape")]
pub struct VideoGrant<'a> {
    /// The one room that the token is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<&'a str>,
    /// May join `room`.
    #[serde(skip_serializing_if = "is_false")]
    pub room_join: bool,
    /// May publish tracks; LiveKit takes a missing value for yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// May subscribe to others' tracks; LiveKit takes a missing value for yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    /// May send data messages; LiveKit takes a missing value for the value of `can_publish`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    /// May change the own name, metadata and attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
    /// The only sources that may be published; empty allows all.
    #[serde(skip_serializing_if = "<[Source]>::is_empty")]
    pub can_publish_sources: &'a [Source],
    /// May moderate `room`.
    #[serde(skip_serializing_if = "is_false")]
    pub room_admin: bool,
    /// May record.
    #[serde(skip_serializing_if = "is_false")]
    pub room_record: bool,
    /// May create and delete rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_create: bool,
    /// May list rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_list: bool,
    /// Is not shown to the others.
    #[serde(skip_serializing_if = "is_false")]
    pub hidden: bool,
}

impl<'a> VideoGrant<'a> {
    /// Joins `room`, publishes, subscribes and sends data.
    pub fn join(room: &'a str) -> Self {
        Self {
            room: Some(room),
            room_join: true,
            can_publish: Some(true),
            can_subscribe: Some(true),
            can_publish_data: Some(true),
            ..Self::default()
        }
    }
}

/// Short, for logs: `join publish subscribe data`.
impl fmt::Display for VideoGrant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            ("join", self.room_join),
            ("publish", self.can_publish == Some(true)),
            ("subscribe", self.can_subscribe == Some(true)),
            ("data", self.can_publish_data == Some(true)),
            ("metadata", self.can_update_own_metadata == Some(true)),
            ("admin", self.room_admin),
            ("record", self.room_record),
            ("create", self.room_create),
            ("list", self.room_list),
            ("hidden", self.hidden),
        ];
        let mut separator = "";
        for (word, granted) in words {
            if granted {
                write!(f, "{separator}{word}")?;
                separator = " ";
            }
        }
        for source in self.can_publish_sources {
            write!(f, "{separator}only:{source}")?;
            separator = " ";
        }
        Ok(())
    }
}

/// Where a published track comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A camera.
    Camera,
    /// A microphone.
    Microphone,
    /// A shared screen or window.
    ScreenShare,
    /// The sound of what is shared.
    ScreenShareAudio,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Camera,
        Self::Microphone,
        Self::ScreenShare,
        Self::ScreenShareAudio,
    ];

    /// LiveKit's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Microphone => "microphone",
            Self::ScreenShare => "screen_share",
            Self::ScreenShareAudio => "screen_share_audio",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
