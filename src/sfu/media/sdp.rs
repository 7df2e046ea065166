//! What SDP says that str0m keeps to itself: which track a section is of.

mod ours;

pub use ours::{Ours, completed};

/// Longer ones are refused unread; a client with thirty tracks is far below.
const LONGEST: usize = 256 * 1024;

/// The same for more sections: each costs work of its own, however short it is.
const MOST_SECTIONS: usize = 300;

/// A section of media.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its id.
    pub mid: String,
    /// Whether it is for sound.
    pub is_audio: bool,
    /// Whether its author sends in it.
    pub sends: bool,
    /// Whether its author wants to get something in it.
    pub receives: bool,
    /// What its author calls the track.
    pub track: String,
}

/// Whether it is more than anybody needs.
pub fn is_too_much(sdp: &str) -> bool {
    sdp.len() > LONGEST || sdp.matches("\nm=").count() > MOST_SECTIONS
}

/// The sections of an offer, without those for data.
pub fn sections(sdp: &str) -> Vec<Section> {
    let group = (sdp.lines()).find_map(|line| line.strip_prefix("a=group:BUNDLE "));
    let group = group.unwrap_or_default();
    let parts = sdp.split("\r\nm=").skip(1);
    parts.filter_map(|text| section(text, group)).collect()
}

fn section(text: &str, group: &str) -> Option<Section> {
    let mut lines = text.lines();
    let mut words = lines.next()?.split(' ');
    let (kind, port) = (words.next()?, words.next()?);
    if !["audio", "video"].contains(&kind) {
        return None;
    }
    let mut section = Section {
        is_audio: kind == "audio",
        sends: true,
        receives: true,
        ..Section::default()
    };
    for line in lines {
        match line.strip_prefix("a=").unwrap_or_default() {
            "sendonly" => section.receives = false,
            "recvonly" => section.sends = false,
            "inactive" => (section.sends, section.receives) = (false, false),
            attribute => {
                if let Some(mid) = attribute.strip_prefix("mid:") {
                    mid.clone_into(&mut section.mid);
                } else if let Some(msid) = attribute.strip_prefix("msid:") {
                    let track = msid.split_whitespace().nth(1);
                    track.unwrap_or_default().clone_into(&mut section.track);
                }
            }
        }
    }
    // Without a port, it is given up or shares that of another.
    if port == "0" && !group.split(' ').any(|mid| mid == section.mid) {
        (section.sends, section.receives) = (false, false);
    }
    Some(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\na=group:BUNDLE 0 1 2 3 4\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\na=msid:stream mic\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=recvonly\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:3\r\na=inactive\r\na=msid:- cam\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\na=mid:4\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:5\r\n";

    #[test]
    fn sections_are_read_with_their_tracks() {
        let found = sections(OFFER);
        let facts: Vec<_> = (found.iter())
            .map(|s| (&*s.mid, s.is_audio, s.sends, s.receives, &*s.track))
            .collect();
        assert_eq!(
            facts,
            [
                ("0", true, true, false, "mic"),
                ("2", false, false, true, ""),
                ("3", false, false, false, "cam"),
                ("4", false, true, true, ""),
                ("5", false, false, false, ""),
            ]
        );
    }

    #[test]
    fn garbage_has_no_sections() {
        for garbage in [
            "",
            "m=",
            "a=mid:0",
            "m=audio",
            "\r\n\r\n",
            "a=msid:",
            "m=video\r\na=msid:",
        ] {
            assert!(
                sections(garbage).iter().all(|s| s.track.is_empty()),
                "{garbage}"
            );
        }
    }

    #[test]
    fn what_is_long_or_has_many_sections_is_too_much() {
        assert!(!is_too_much(OFFER));
        assert!(!is_too_much(&OFFER.repeat(MOST_SECTIONS / 6)));
        assert!(is_too_much(&OFFER.repeat(MOST_SECTIONS / 6 + 1)));
        assert!(is_too_much(&" ".repeat(LONGEST + 1)));
    }
}
