//! What a page may do, which its browser enforces.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use reqwest::Url;

/// Nothing but own files, and calls with the SFU. Compiling WebAssembly is for blurred backgrounds.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob: mediastream:; \
                      worker-src 'self' blob:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; connect-src 'self'";

const DEVICES: &str = "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), \
                       autoplay=(self), speaker-selection=(self), geolocation=(), payment=(), usb=()";

/// Confines a page whose calls are at this SFU.
pub fn protect(response: &mut Response, sfu: &str) {
    let policy = format!("{POLICY}{}", origins(sfu));
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), DEVICES),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The SFU as a source of a policy: its signalling, and HTTP where it says why that was refused. An
/// address that is none adds nothing.
fn origins(sfu: &str) -> String {
    let Some(url) = Url::parse(sfu).ok() else {
        return String::new();
    };
    let http = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        _ => return String::new(),
    };
    let Some(host) = url.host_str() else {
        return String::new();
    };
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!(" {}://{host}{port} {http}://{host}{port}", url.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sfu_is_a_source_by_its_origin_alone() {
        for (sfu, sources) in [
            (
                "ws://localhost:7880",
                " ws://localhost:7880 http://localhost:7880",
            ),
            (
                "wss://livekit.example.com/path;x",
                " wss://livekit.example.com https://livekit.example.com",
            ),
            ("ws://[::1]:7880/", " ws://[::1]:7880 http://[::1]:7880"),
            ("javascript:alert(1)", ""),
            ("nonsense; script-src *", ""),
        ] {
            assert_eq!(origins(sfu), sources, "{sfu}");
        }
    }
}
