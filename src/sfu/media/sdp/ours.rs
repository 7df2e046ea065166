//! What our descriptions say that str0m does not.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::LONGEST_MESSAGE;
use crate::sfu::rooms::Encoding;

/// What we have to say of a section.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    /// Its id.
    pub mid: String,
    /// The stream and the track that we send in it.
    pub sends: Option<(String, String)>,
    /// How its author is to encode what we get in it, or has encoded what we send.
    pub encoding: Encoding,
}

/// Our description with what str0m leaves out: the tracks that we send, and nothing of sections in which we send none;
/// how we want to get what we get; which messages we take, so that a client refuses a longer one itself, and whoever
/// wanted to send it is told. A section that is given up stays for ever and is as short as can be.
pub fn completed(sdp: &str, all: &[Ours]) -> String {
    let mut whole = String::with_capacity(sdp.len() + 256);
    for (at, section) in sdp.split("\r\nm=").enumerate() {
        if at == 0 {
            whole.push_str(section);
            continue;
        }
        whole.push_str("\r\nm=");
        let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:"));
        let ours = all.iter().find(|ours| Some(ours.mid.as_str()) == mid);
        whole.push_str(&completed_section(section, ours));
    }
    whole
}

fn completed_section(section: &str, ours: Option<&Ours>) -> String {
    let is_closed = section.split(' ').nth(1) == Some("0");
    let is_sent = section.lines().any(|line| line == "a=sendonly");
    let sends = ours.and_then(|ours| ours.sends.as_ref());
    let encoding = ours.map(|ours| &ours.encoding);
    let opus = encoding.and_then(|encoding| opus_of(section, encoding, is_sent));
    let mut text = String::with_capacity(section.len() + 64);
    for (at, line) in section.split("\r\n").enumerate() {
        let line = match at {
            0 => match encoding.filter(|_| !is_sent) {
                Some(encoding) => Cow::from(preferred(line, section, &encoding.codec)),
                None => Cow::from(line),
            },
            _ if is_closed && !is_needed(line) => continue,
            _ if line.starts_with("a=max-message-size:") => {
                Cow::from(format!("a=max-message-size:{LONGEST_MESSAGE}"))
            }
            _ if is_sent => match named(line, sends) {
                Some(line) => line,
                None => continue,
            },
            _ => Cow::from(line),
        };
        if at > 0 {
            text.push_str("\r\n");
        }
        text.push_str(&line);
        if let Some((format, parameters)) = &opus
            && line.starts_with(format.as_str())
        {
            text.push_str(parameters);
        }
    }
    text
}

/// What a section that is closed cannot do without.
fn is_needed(line: &str) -> bool {
    let mut needed = ["c=", "a=mid:", "a=inactive"].into_iter();
    line.is_empty() || needed.any(|start| line.starts_with(start))
}

/// A line of a section that we send in, or may: with the name of the track, or without any.
fn named<'a>(line: &'a str, sends: Option<&(String, String)>) -> Option<Cow<'a, str>> {
    let is_msid = line.starts_with("a=msid:");
    let is_ssrc = line.starts_with("a=ssrc:") || line.starts_with("a=ssrc-group:");
    let Some((stream, track)) = sends else {
        return match line {
            "a=sendonly" => Some("a=inactive".into()),
            _ => (!is_msid && !is_ssrc).then_some(line.into()),
        };
    };
    if is_msid {
        return None;
    }
    if line == "a=sendonly" {
        return Some(format!("{line}\r\na=msid:{stream} {track}").into());
    }
    match line.split_once(" msid:").filter(|_| is_ssrc) {
        Some((ssrc, _)) => Some(format!("{ssrc} msid:{stream} {track}").into()),
        None => Some(line.into()),
    }
}

/// The first line of a section with the formats of a codec before all others: clients send the first.
fn preferred(line: &str, section: &str, codec: &str) -> String {
    let is_of_codec = |format: &str| {
        let start = format!("a=rtpmap:{format} ");
        let mut maps = section.lines().filter_map(|line| line.strip_prefix(&start));
        maps.any(|map| {
            map.split('/')
                .next()
                .is_some_and(|c| c.eq_ignore_ascii_case(codec))
        })
    };
    let words: Vec<_> = line.split(' ').collect();
    let (head, formats) = words.split_at(words.len().min(3));
    let (first, rest): (Vec<&str>, Vec<&str>) =
        formats.iter().partition(|format| is_of_codec(format));
    [head, &first, &rest].concat().join(" ")
}

/// What Opus is to do: the beginning of the line for it, and what comes to its end.
fn opus_of(section: &str, encoding: &Encoding, is_sent: bool) -> Option<(String, String)> {
    let format = section
        .lines()
        .filter_map(|line| line.strip_prefix("a=rtpmap:"))
        .find_map(|map| map.strip_suffix(" opus/48000/2"))?;
    let mut parameters = String::new();
    let all = [
        (encoding.stereo && is_sent, "sprop-stereo"),
        (encoding.stereo && !is_sent, "stereo"),
        (encoding.dtx && !is_sent, "usedtx"),
    ];
    for (_, name) in all.into_iter().filter(|(is_on, _)| *is_on) {
        let _ = write!(parameters, ";{name}=1");
    }
    Some((format!("a=fmtp:{format} "), parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sends(mid: &str, encoding: Encoding) -> Ours {
        Ours {
            mid: mid.into(),
            sends: Some(("PA|TR".into(), "TR".into())),
            encoding,
        }
    }

    #[test]
    fn what_we_send_is_named_and_what_we_do_not_is_inactive() {
        let answer = "v=0\r\nm=video 9 X 96\r\na=mid:2\r\na=sendonly\r\na=msid:a b\r\n\
            a=ssrc:7 cname:c\r\na=ssrc:7 msid:a b\r\n\
            m=video 9 X 96\r\na=mid:3\r\na=sendonly\r\na=msid:a b\r\na=ssrc:8 msid:a b\r\n";
        assert_eq!(
            completed(answer, &[sends("2", Encoding::default())]),
            "v=0\r\nm=video 9 X 96\r\na=mid:2\r\na=sendonly\r\na=msid:PA|TR TR\r\n\
             a=ssrc:7 cname:c\r\na=ssrc:7 msid:PA|TR TR\r\n\
             m=video 9 X 96\r\na=mid:3\r\na=inactive\r\n"
        );
    }

    #[test]
    fn clients_are_told_how_long_messages_may_be() {
        let answer = "v=0\r\nm=application 9 X 1\r\na=max-message-size:262144\r\na=mid:1\r\n";
        let limited = "v=0\r\nm=application 9 X 1\r\na=max-message-size:64000\r\na=mid:1\r\n";
        assert_eq!(completed(answer, &[]), limited);
    }

    #[test]
    fn the_codec_that_is_wanted_comes_first() {
        let answer = "v=0\r\nm=video 9 X 96 97 98 99 100\r\na=mid:2\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n\
            a=rtpmap:97 rtx/90000\r\na=rtpmap:98 H264/90000\r\na=rtpmap:99 rtx/90000\r\na=rtpmap:100 H264/90000\r\n";
        let first = |codec: &str| {
            let ours = Ours {
                mid: "2".into(),
                sends: None,
                encoding: Encoding {
                    codec: codec.into(),
                    ..Encoding::default()
                },
            };
            let all = completed(answer, &[ours]);
            let line = all.lines().nth(1).unwrap().to_owned();
            assert_eq!(
                all.replace(&line, ""),
                answer.replace("m=video 9 X 96 97 98 99 100", "")
            );
            line
        };
        assert_eq!(first("h264"), "m=video 9 X 98 100 96 97 99");
        for other in ["", "vp8", "av1"] {
            assert_eq!(first(other), "m=video 9 X 96 97 98 99 100");
        }
    }

    #[test]
    fn sound_is_wanted_as_it_was_announced() {
        let section = |direction: &str, more: &str| {
            format!(
                "v=0\r\nm=audio 9 X 111\r\na=mid:2\r\na={direction}\r\na=rtpmap:111 opus/48000/2\r\n\
                 a=fmtp:111 minptime=10;useinbandfec=1{more}\r\n"
            )
        };
        let music = Encoding {
            stereo: true,
            dtx: true,
            ..Encoding::default()
        };
        let ours = Ours {
            sends: None,
            ..sends("2", music.clone())
        };
        assert_eq!(
            completed(&section("recvonly", ""), &[ours]),
            section("recvonly", ";stereo=1;usedtx=1")
        );
        let named = "sendonly\r\na=msid:PA|TR TR";
        assert_eq!(
            completed(&section("sendonly", ""), &[sends("2", music)]),
            section(named, ";sprop-stereo=1")
        );
    }

    #[test]
    fn a_section_that_is_given_up_is_short() {
        let offer = "v=0\r\nm=video 0 X 96 97\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:96 VP8/90000\r\na=mid:2\r\n\
            a=inactive\r\na=rtcp-mux\r\nm=audio 9 X 111\r\na=mid:3\r\na=inactive\r\na=rtcp-mux\r\n";
        assert_eq!(
            completed(offer, &[]),
            "v=0\r\nm=video 0 X 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=inactive\r\n\
             m=audio 9 X 111\r\na=mid:3\r\na=inactive\r\na=rtcp-mux\r\n"
        );
    }
}
