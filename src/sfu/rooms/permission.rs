//! What somebody may do.

use livekit_protocol as proto;
use proto::TrackSource;

/// What a token grants, whatever it leaves out filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "LiveKit's own shape")]
pub struct Grant {
    /// May publish; nothing said: yes.
    pub can_publish: Option<bool>,
    /// May have what others publish; nothing said: yes.
    pub can_subscribe: Option<bool>,
    /// May send data; nothing said: whoever may publish.
    pub can_publish_data: Option<bool>,
    /// May publish nothing else than this; empty: anything.
    pub sources: Vec<String>,
    /// May change what is said of them.
    pub can_update_metadata: bool,
    /// Is not shown to others.
    pub hidden: bool,
    /// Records.
    pub recorder: bool,
    /// Is an agent.
    pub agent: bool,
}

impl Grant {
    /// In LiveKit's own words.
    pub fn permission(&self) -> proto::ParticipantPermission {
        let can_publish = self.can_publish.unwrap_or(true);
        #[expect(deprecated, reason = "older clients read them")]
        proto::ParticipantPermission {
            can_subscribe: self.can_subscribe.unwrap_or(true),
            can_publish,
            can_publish_data: self.can_publish_data.unwrap_or(can_publish),
            can_publish_sources: self
                .sources
                .iter()
                .map(|name| source(name).into())
                .collect(),
            hidden: self.hidden,
            recorder: self.recorder,
            can_update_metadata: self.can_update_metadata,
            agent: self.agent,
            ..Default::default()
        }
    }
}

/// A source by the name that tokens have for it.
fn source(name: &str) -> TrackSource {
    let name = name.to_ascii_uppercase();
    TrackSource::from_str_name(&name).unwrap_or(TrackSource::Unknown)
}

/// Whether a track of this source may be published.
pub fn may_publish(permission: &proto::ParticipantPermission, source: i32) -> bool {
    let sources = &permission.can_publish_sources;
    permission.can_publish && (sources.is_empty() || sources.contains(&source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_does_not_say_is_allowed_and_data_goes_with_publishing() {
        let all = Grant::default().permission();
        assert!(all.can_publish && all.can_subscribe && all.can_publish_data);
        let mute = Grant {
            can_publish: Some(false),
            ..Grant::default()
        };
        assert!(!mute.permission().can_publish_data);
    }

    #[test]
    fn sources_that_are_named_exclude_all_others() {
        let grant = Grant {
            sources: vec!["microphone".into(), "screen_share".into()],
            ..Grant::default()
        };
        let permission = grant.permission();
        let may = |source: TrackSource| may_publish(&permission, source.into());
        assert!(may(TrackSource::Microphone) && may(TrackSource::ScreenShare));
        assert!(!may(TrackSource::Camera) && !may(TrackSource::Unknown));
    }
}
