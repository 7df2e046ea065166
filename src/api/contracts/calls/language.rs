//! The languages that the app ships in.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// A language of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// For everybody who prefers no other.
    English,
    /// `sw`.
    Swahili,
}

impl Language {
    /// The one that the headers prefer.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut best = (Self::English, 0.0);
        for value in headers.get_all(ACCEPT_LANGUAGE) {
            for (language, quality) in value
                .to_str()
                .unwrap_or_default()
                .split(',')
                .filter_map(wish)
            {
                if quality > best.1 {
                    best = (language, quality);
                }
            }
        }
        best.0
    }

    /// A token is only had for oneself.
    pub fn only_for_yourself(self) -> &'static str {
        match self {
            Self::English => "Forbidden: You can only request a token for yourself.",
            Self::Swahili => "Forbidden: Unaweza kuomba token kwa ajili yako tu.",
        }
    }

    /// A field is missing or empty.
    pub fn fields_are_required(self) -> &'static str {
        match self {
            Self::English => "roomName and participantIdentity are required.",
            Self::Swahili => "roomName na participantIdentity vinahitajika.",
        }
    }

    /// There is nothing to sign with.
    pub fn keys_are_not_configured(self) -> &'static str {
        match self {
            Self::English => "LiveKit server keys are not configured.",
            Self::Swahili => "LiveKit server keys hazijawekwa.",
        }
    }
}

/// `sw-TZ;q=0.8`: a language of ours, and how much it is wished for.
fn wish(range: &str) -> Option<(Language, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next()?.to_ascii_lowercase();
    let language = match tag.split('-').next()? {
        "sw" => Language::Swahili,
        "en" => Language::English,
        _ => return None,
    };
    let quality = parts.find_map(|part| part.strip_prefix("q="));
    let quality = quality.map_or(Some(1.0), |quality| quality.trim().parse().ok())?;
    Some((language, quality))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swahili_is_spoken_where_it_is_preferred() {
        use Language::{English, Swahili};
        for (header, expected) in [
            ("", English),
            ("*", English),
            ("de", English),
            ("sw", Swahili),
            ("SW-tz", Swahili),
            ("sw-KE, en;q=0.9", Swahili),
            ("en, sw", English),
            ("en;q=0.5, sw;q=0.8", Swahili),
            ("de, sw;q=0.1", Swahili),
            ("sw;q=0", English),
            ("sw;q=x", English),
            ("swe", English),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, header.parse().unwrap())]);
            assert_eq!(Language::of(&headers), expected, "{header}");
        }
        assert_eq!(Language::of(&HeaderMap::new()), English);
    }
}
