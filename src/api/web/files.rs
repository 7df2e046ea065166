//! Files that are part of the program.

use std::borrow::Cow;
use std::io::Read as _;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use rust_embed::{Embed, EmbeddedFile};

use super::encoding::{self, Encoding};

/// What `scripts/web` made: texts only in their compressed forms, `NAME.br` and `NAME.gz`. Empty where it
/// never ran.
#[derive(Embed)]
#[folder = "web/dist"]
#[exclude = ".*"]
struct Built;

/// How long a browser may use a file without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Its content never changes.
    Forever,
    /// Not at all, but an unchanged one is not sent again.
    AskAgain,
}

/// A file in the form that a browser takes.
pub struct Found {
    content: Bytes,
    kind: &'static str,
    encoding: Option<Encoding>,
    etag: String,
}

/// The file of this name, in the smallest form that the sender of the headers takes.
pub fn find(name: &str, headers: &HeaderMap) -> Option<Found> {
    let kind = kind(name)?;
    let get = |encoding: Encoding| {
        let file = Built::get(&format!("{name}.{}", encoding.suffix()))?;
        Some((Some(encoding), file))
    };
    let taken = encoding::taken(headers);
    let found = taken.into_iter().find_map(get);
    let (encoding, file) = match found.or_else(|| Some((None, Built::get(name)?))) {
        Some(found) => found,
        None => (None, unpacked(name)?),
    };
    let suffix = encoding.map_or("plain", Encoding::suffix);
    Some(Found {
        etag: format!("\"{}-{suffix}\"", hex(file.metadata.sha256_hash())),
        content: match file.data {
            Cow::Borrowed(data) => Bytes::from_static(data),
            Cow::Owned(data) => data.into(),
        },
        kind,
        encoding,
    })
}

/// For the few who take no compressed form.
fn unpacked(name: &str) -> Option<EmbeddedFile> {
    let packed = Built::get(&format!("{name}.{}", Encoding::Gzip.suffix()))?;
    let mut data = Vec::new();
    GzDecoder::new(&*packed.data).read_to_end(&mut data).ok()?;
    Some(EmbeddedFile {
        data: data.into(),
        ..packed
    })
}

impl Found {
    /// The file, or that it is unchanged.
    pub fn answer(self, headers: &HeaderMap, keep: Keep) -> Response {
        let is_known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|tags| tags.to_str().ok())
            .flat_map(|tags| tags.split(','))
            .any(|tag| tag.trim().trim_start_matches("W/") == self.etag);
        let (status, body) = if is_known {
            (StatusCode::NOT_MODIFIED, Body::empty())
        } else {
            (StatusCode::OK, Body::from(self.content))
        };
        let mut response = (status, body).into_response();
        let cache = match keep {
            Keep::Forever => "public, max-age=31536000, immutable",
            Keep::AskAgain => "no-cache",
        };
        let headers = response.headers_mut();
        let mut set = |name, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::CONTENT_TYPE, self.kind);
        set(header::CACHE_CONTROL, cache);
        set(header::VARY, "accept-encoding");
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if let Some(encoding) = self.encoding {
            set(header::CONTENT_ENCODING, encoding.name());
        }
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// What a browser takes a file for, by its name; nothing else is served.
fn kind(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "tflite" => "application/octet-stream",
        _ => return None,
    })
}

/// Half of a hash is enough to tell two files of one name apart.
fn hex(hash: [u8; 32]) -> String {
    let (half, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    format!("{:032x}", u128::from_be_bytes(*half))
}
