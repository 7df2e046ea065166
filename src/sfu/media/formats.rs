//! What payload types stand for. All sections of a connection share them, and all of its descriptions: str0m takes a
//! second meaning for a mistake of its own, and panics.

use std::collections::BTreeMap;

/// Parameters that make another format of one codec.
const TELLING: [&str; 5] = [
    "apt",
    "packetization-mode",
    "profile",
    "profile-id",
    "profile-level-id",
];

/// There are no more payload types.
const MOST: usize = 128;
/// No format is longer in words.
const LONGEST: usize = 200;

/// The meaning of each payload type of a connection.
#[derive(Debug, Default)]
pub struct Formats(BTreeMap<u8, String>);

impl Formats {
    /// Takes up those of a description; whether each is one, and still has one meaning.
    pub fn agree(&mut self, sdp: &str) -> bool {
        let mut sections = sdp.split("\nm=").skip(1);
        sections.all(|section| {
            let Some(formats) = formats(section) else {
                return false;
            };
            let mut formats = formats.into_iter();
            formats.all(|(payload_type, format)| {
                let known = self.0.entry(payload_type);
                *known.or_insert_with(|| format.clone()) == format
            })
        })
    }
}

/// The payload types of a section with codec and parameters; nothing, if they are none.
fn formats(section: &str) -> Option<Vec<(u8, String)>> {
    let mut found = Vec::new();
    for (payload_type, codec) in attributes(section, "a=rtpmap:") {
        let format = format!("{codec} {}", telling(section, payload_type)).to_ascii_lowercase();
        let number = payload_type.parse().ok().filter(|number| *number < 128)?;
        if found.len() == MOST || format.len() > LONGEST {
            return None;
        }
        found.push((number, format));
    }
    Some(found)
}

/// What stands behind an attribute, as a name and the rest.
fn attributes<'a>(section: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let lines = section
        .lines()
        .filter_map(move |line| line.strip_prefix(name));
    lines.filter_map(|line| line.split_once(' '))
}

/// The parameters of a payload type that make another format.
fn telling(section: &str, payload_type: &str) -> String {
    let lines = attributes(section, "a=fmtp:").filter(|(of, _)| *of == payload_type);
    let parameters = lines.flat_map(|(_, parameters)| parameters.split(';'));
    let mut telling: Vec<_> = parameters
        .map(str::trim)
        .filter(|p| is_telling(p))
        .collect();
    telling.sort_unstable();
    telling.join(";")
}

fn is_telling(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    TELLING.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VP8: &str = "\r\nm=video 9 X 96 97\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n\
        a=fmtp:97 apt=96";
    const SOUND: &str = "\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 stereo=1";

    fn agree(descriptions: &[String]) -> Vec<bool> {
        let mut formats = Formats::default();
        let all = descriptions.iter();
        all.map(|sdp| formats.agree(sdp)).collect()
    }

    #[test]
    fn the_same_may_be_said_again_in_other_words() {
        let mono = SOUND.replace("stereo=1", "useinbandfec=1");
        let first = format!("v=0{VP8}{SOUND}{mono}");
        let second = format!("v=0{}{VP8}", VP8.replace("VP8", "vp8"));
        assert_eq!(agree(&[first, second]), [true, true]);
    }

    #[test]
    fn a_payload_type_has_one_meaning_in_all_sections_and_descriptions() {
        let vp9 = VP8.replace("VP8", "VP9");
        let other = VP8.replace("96", "98");
        let twice = "\r\nm=video 9 X 96\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:96 AV1/90000";
        for wrong in [&vp9, &other, twice] {
            assert_eq!(agree(&[format!("v=0{VP8}{wrong}")]), [false], "{wrong}");
            let apart = [format!("v=0{VP8}"), format!("v=0{wrong}")];
            assert_eq!(agree(&apart), [true, false], "{wrong}");
        }
    }

    #[test]
    fn what_is_no_payload_type_or_too_much_is_refused() {
        let many = "\r\na=rtpmap:96 VP8/90000".repeat(MOST + 1);
        let long = format!("\r\na=rtpmap:96 {}", "x".repeat(LONGEST));
        for wrong in [
            "\r\na=rtpmap:x VP8/90000",
            "\r\na=rtpmap:128 VP8/90000",
            &many,
            &long,
        ] {
            assert_eq!(agree(&[format!("v=0\r\nm=video 9 X 96{wrong}")]), [false]);
        }
    }

    #[test]
    fn a_profile_makes_another_format() {
        let of = |profile: &str| {
            format!("v=0\r\nm=video 9 X 98\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 {profile}")
        };
        let offers = ["profile-id=0;x=1", "x=2; profile-id=0", "profile-id=2"].map(of);
        assert_eq!(agree(&offers), [true, true, false]);
    }
}
