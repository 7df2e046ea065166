//! Releases of LiveKit, and which of them a file is judged for.

use std::fmt;
use std::str::FromStr;

use super::table;

/// A release of LiveKit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

impl Version {
    /// The release of these numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

/// `1.13.5`
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// `1.13.5` or `v1.13.5`; `1.13` is the newest of its line.
impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers: Result<Vec<u16>, _> = text.split('.').map(number).collect();
        match numbers?.as_slice() {
            [major, minor, patch] => Ok(Self::new(*major, *minor, *patch)),
            [major, minor] => Ok(newest_of(|v| (v.major, v.minor) == (*major, *minor))
                .unwrap_or(Self::new(*major, *minor, 0))),
            [major] => Ok(newest_of(|v| v.major == *major).unwrap_or(Self::new(*major, 0, 0))),
            _ => Err(()),
        }
    }
}

fn number(text: &str) -> Result<u16, ()> {
    // Go's and Docker's versions have no sign, which `parse` would take.
    if text.starts_with('+') {
        return Err(());
    }
    text.parse().map_err(|_| ())
}

fn newest_of(is_it: impl Fn(&Version) -> bool) -> Option<Version> {
    table::releases().iter().rev().find(|v| is_it(v)).copied()
}

/// The release that a file is judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The release in use; `None` where that cannot be told.
    pub asked: Option<Version>,
    /// The release whose keys count: that one, or the newest that is known.
    pub release: Version,
}

impl Target {
    /// The release that somebody names.
    pub fn named(text: &str) -> Result<Self, String> {
        let (oldest, newest) = table::known();
        let known = format!("the releases from {oldest} to {newest} are known");
        let asked: Version = text.parse().map_err(|()| {
            format!("`{text}` is no release of LiveKit, such as {newest}; {known}")
        })?;
        if asked < oldest {
            return Err(format!("nothing is known of LiveKit {asked}; {known}"));
        }
        Ok(Self::of(Some(asked)))
    }

    /// The release that an image is of, by its tag.
    pub fn of_image(image: &str) -> Self {
        let name = image.split_once('@').map_or(image, |(name, _)| name);
        let file = name.rsplit_once('/').map_or(name, |(_, file)| file);
        let tag = file.rsplit_once(':').and_then(|(_, tag)| tag.parse().ok());
        Self::of(tag)
    }

    fn of(asked: Option<Version>) -> Self {
        let (oldest, newest) = table::known();
        let release = asked.filter(|v| (oldest..=newest).contains(v));
        Self {
            asked,
            release: release.unwrap_or(newest),
        }
    }

    /// Whether another release is judged for than the one in use.
    pub fn is_guessed(&self) -> bool {
        self.asked != Some(self.release)
    }

    /// What there is to say of a release that is not known.
    pub fn guess(&self) -> Option<String> {
        let newest = format!(
            "livekit.yaml is judged as LiveKit {} does, the newest release that is known",
            self.release
        );
        match self.asked {
            _ if !self.is_guessed() => None,
            Some(asked) => Some(format!("{newest}; it is for {asked}")),
            None => Some(format!("{newest}; the image does not say of which it is")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> String {
        match Target::named(text) {
            Ok(target) => target.release.to_string(),
            Err(message) => message,
        }
    }

    #[test]
    fn a_line_is_its_newest_release() {
        assert_eq!(asked("1.9"), "1.9.12");
        assert_eq!(asked("v1.9.3"), "1.9.3");
        assert_eq!(asked("1.12"), "1.12.0");
    }

    #[test]
    fn what_is_not_known_is_told_with_what_is() {
        let (oldest, newest) = table::known();
        let known = format!("the releases from {oldest} to {newest} are known");
        assert_eq!(
            asked("1.5.3"),
            format!("nothing is known of LiveKit 1.5.3; {known}")
        );
        for text in ["latest", "", "1.2.3.4", "1.-2", "1.+9", "1.9.x"] {
            assert!(asked(text).ends_with(&known), "{text}");
        }
        let newer = Target::named("99.1").unwrap();
        assert_eq!(newer.release, newest);
        assert!(newer.guess().unwrap().ends_with("it is for 99.1.0"));
    }

    #[test]
    fn the_tag_of_an_image_says_which_release_it_is() {
        let of = |image| Target::of_image(image).asked.map(|v| v.to_string());
        let is = |version: &str| Some(version.to_owned());
        assert_eq!(of("livekit/livekit-server:v1.9.3"), is("1.9.3"));
        assert_eq!(of("localhost:5000/livekit-server:v1.9"), is("1.9.12"));
        assert_eq!(of("livekit/livekit-server:v1.9.3@sha256:00"), is("1.9.3"));
        for image in [
            "livekit/livekit-server",
            "livekit/livekit-server:latest",
            "localhost:5000/livekit-server",
        ] {
            assert_eq!(of(image), None, "{image}");
            assert!(Target::of_image(image).is_guessed());
        }
    }
}
