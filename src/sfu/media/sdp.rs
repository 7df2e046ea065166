//! What SDP says that str0m keeps to itself: which track a section is of.

use std::fmt::Write as _;

/// Longer ones are refused unread; a client with thirty tracks is far below.
pub const LONGEST: usize = 256 * 1024;

/// Longer messages are refused. With what is added about the sender it is what clients take that say nothing about it.
pub const LONGEST_MESSAGE: usize = 64_000;

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

/// Our answer with what we take in one message. A client then refuses a longer one itself, and whoever wanted to send
/// it is told.
pub fn limit_messages(sdp: &str) -> String {
    let mut limited = String::with_capacity(sdp.len());
    for line in sdp.split_inclusive("\r\n") {
        if line.starts_with("a=max-message-size:") {
            let _ = write!(limited, "a=max-message-size:{LONGEST_MESSAGE}\r\n");
        } else {
            limited.push_str(line);
        }
    }
    limited
}

/// Our answer with what we send in its sections: `tracks` has stream and track by section. What is in no section
/// of ours is not offered at all.
pub fn name_tracks(sdp: &str, tracks: &[(String, String, String)]) -> String {
    let mut named = String::with_capacity(sdp.len() + 256);
    for (at, section) in sdp.split("\r\nm=").enumerate() {
        if at > 0 {
            named.push_str("\r\nm=");
        }
        let is_ours = section.lines().any(|line| line == "a=sendonly");
        if at == 0 || !is_ours {
            named.push_str(section);
            continue;
        }
        let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:"));
        let track = tracks.iter().find(|(of, ..)| Some(of.as_str()) == mid);
        named.push_str(&name_section(section, track));
    }
    named
}

fn name_section(section: &str, track: Option<&(String, String, String)>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in section.trim_end_matches("\r\n").split("\r\n") {
        let is_msid = line.starts_with("a=msid:");
        let is_ssrc = line.starts_with("a=ssrc:") || line.starts_with("a=ssrc-group:");
        match track {
            None if line == "a=sendonly" => lines.push("a=inactive".to_owned()),
            None if is_msid || is_ssrc => {}
            Some(_) if is_msid => {}
            Some((_, stream, id)) if line == "a=sendonly" => {
                lines.push(line.to_owned());
                lines.push(format!("a=msid:{stream} {id}"));
            }
            Some((_, stream, id)) if line.starts_with("a=ssrc:") && line.contains(" msid:") => {
                let mut renamed = line.split(" msid:").next().unwrap_or_default().to_owned();
                let _ = write!(renamed, " msid:{stream} {id}");
                lines.push(renamed);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let mut text = lines.join("\r\n");
    if section.ends_with("\r\n") {
        text.push_str("\r\n");
    }
    text
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
    fn what_we_send_is_named_and_what_we_do_not_is_inactive() {
        let answer = "v=0\r\nm=video 9 X 96\r\na=mid:2\r\na=sendonly\r\na=msid:a b\r\n\
            a=ssrc:7 cname:c\r\na=ssrc:7 msid:a b\r\n\
            m=video 9 X 96\r\na=mid:3\r\na=sendonly\r\na=msid:a b\r\na=ssrc:8 msid:a b\r\n";
        let tracks = [("2".to_owned(), "PA|TR".to_owned(), "TR".to_owned())];
        assert_eq!(
            name_tracks(answer, &tracks),
            "v=0\r\nm=video 9 X 96\r\na=mid:2\r\na=sendonly\r\na=msid:PA|TR TR\r\n\
             a=ssrc:7 cname:c\r\na=ssrc:7 msid:PA|TR TR\r\n\
             m=video 9 X 96\r\na=mid:3\r\na=inactive\r\n"
        );
    }

    #[test]
    fn clients_are_told_how_long_messages_may_be() {
        let answer = "v=0\r\nm=application 9 X 1\r\na=max-message-size:262144\r\na=mid:1\r\n";
        let limited = "v=0\r\nm=application 9 X 1\r\na=max-message-size:64000\r\na=mid:1\r\n";
        assert_eq!(limit_messages(answer), limited);
    }
}
