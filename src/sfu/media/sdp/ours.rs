//! What our descriptions say that str0m does not.

use std::borrow::Cow;

use crate::sfu::rooms::{Encoding, LONGEST_MESSAGE};

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
    let mut lines: Vec<Cow<'_, str>> = section.split("\r\n").map(Cow::from).collect();
    if section.split(' ').nth(1) == Some("0") {
        shorten(&mut lines);
    } else if section.lines().any(|line| line == "a=sendonly") {
        send(&mut lines, ours);
    } else {
        receive(&mut lines, section, ours);
    }
    lines.join("\r\n")
}

/// A section that is given up: which one it is, and one format, without which it would be none.
fn shorten(lines: &mut Vec<Cow<'_, str>>) {
    let words: Vec<_> = lines[0].split(' ').take(4).map(str::to_owned).collect();
    let format = format!("a=rtpmap:{} ", words.last().map_or("", String::as_str));
    let needed = ["c=", "a=mid:", "a=inactive", &format];
    let is_needed =
        |line: &str| line.is_empty() || needed.iter().any(|start| line.starts_with(start));
    let rest = lines
        .drain(1..)
        .filter(|line| is_needed(line))
        .collect::<Vec<_>>();
    lines[0] = words.join(" ").into();
    lines.extend(rest);
}

/// A section in which we send a track, or could.
fn send(lines: &mut Vec<Cow<'_, str>>, ours: Option<&Ours>) {
    let Some((stream, track)) = ours.and_then(|ours| ours.sends.as_ref()) else {
        lines.retain(|line| !line.starts_with("a=msid:") && !line.starts_with("a=ssrc"));
        for line in lines.iter_mut().filter(|line| *line == "a=sendonly") {
            *line = "a=inactive".into();
        }
        return;
    };
    lines.retain(|line| !line.starts_with("a=msid:"));
    for line in lines.iter_mut() {
        let ssrc = (line.starts_with("a=ssrc:")).then(|| line.split_once(" msid:"));
        if line == "a=sendonly" {
            *line = format!("{line}\r\na=msid:{stream} {track}").into();
        } else if let Some((ssrc, _)) = ssrc.flatten() {
            *line = format!("{ssrc} msid:{stream} {track}").into();
        }
    }
    if ours.is_some_and(|ours| ours.encoding.stereo) {
        add_to_opus(lines, ";sprop-stereo=1");
    }
}

/// A section in which we get a track, or could, or messages.
fn receive(lines: &mut Vec<Cow<'_, str>>, section: &str, ours: Option<&Ours>) {
    for line in lines.iter_mut() {
        if line.starts_with("a=max-message-size:") {
            *line = format!("a=max-message-size:{LONGEST_MESSAGE}").into();
        }
    }
    let Some(Ours { encoding, .. }) = ours else {
        return;
    };
    lines[0] = preferred(&lines[0], section, &encoding.codec).into();
    if encoding.stereo {
        add_to_opus(lines, ";stereo=1");
    }
    if encoding.dtx {
        add_to_opus(lines, ";usedtx=1");
    }
}

fn add_to_opus(lines: &mut [Cow<'_, str>], parameter: &str) {
    let mut maps = lines
        .iter()
        .filter_map(|line| line.strip_prefix("a=rtpmap:"));
    let Some(format) = maps.find_map(|map| map.strip_suffix(" opus/48000/2")) else {
        return;
    };
    let start = format!("a=fmtp:{format} ");
    for line in lines.iter_mut().filter(|line| line.starts_with(&start)) {
        line.to_mut().push_str(parameter);
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
        let offer = "v=0\r\nm=video 0 X 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=rtpmap:96 VP8/90000\r\n\
            a=rtpmap:97 rtx/90000\r\na=inactive\r\na=rtcp-mux\r\nm=audio 9 X 111\r\na=mid:3\r\na=inactive\r\na=rtcp-mux\r\n";
        assert_eq!(
            completed(offer, &[]),
            "v=0\r\nm=video 0 X 96\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=rtpmap:96 VP8/90000\r\na=inactive\r\n\
             m=audio 9 X 111\r\na=mid:3\r\na=inactive\r\na=rtcp-mux\r\n"
        );
    }
}
