//! Which compressed forms a browser takes.

use axum::http::{HeaderMap, header};

/// A compressed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The smallest; browsers take it over HTTPS and from this machine.
    Brotli,
    /// Every browser takes it.
    Gzip,
}

impl Encoding {
    /// In a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// At the end of a file's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }
}

/// The forms that the sender of these headers takes, the smallest first.
pub fn taken(headers: &HeaderMap) -> Vec<Encoding> {
    let offered: Vec<_> = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let takes = |encoding: &Encoding| {
        offered.iter().any(|offer| {
            let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
            name.trim().eq_ignore_ascii_case(encoding.name()) && !is_zero(weight)
        })
    };
    [Encoding::Brotli, Encoding::Gzip]
        .into_iter()
        .filter(takes)
        .collect()
}

/// Whether a weight such as `q=0.0` means "not this".
fn is_zero(weight: &str) -> bool {
    let weight = weight.trim().strip_prefix("q=");
    weight.is_some_and(|q| q.trim().parse() == Ok(0.0_f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_what_is_offered_is_taken_and_the_smallest_first() {
        for (offer, expected) in [
            ("gzip, deflate, br, zstd", "br gz"),
            ("gzip, deflate", "gz"),
            ("br;q=0, gzip;q=0.5", "gz"),
            ("BR; q=1.0", "br"),
            ("gzip; q=0.000", ""),
            ("identity", ""),
            ("bread", ""),
            ("", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(offer));
            let taken: Vec<_> = taken(&headers).into_iter().map(Encoding::suffix).collect();
            assert_eq!(taken.join(" "), expected, "{offer}");
        }
        assert_eq!(taken(&HeaderMap::new()), []);
    }
}
