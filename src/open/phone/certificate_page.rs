//! The page over plain HTTP that says how a phone comes to trust the authority, and its certificate.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use minijinja::context;

use super::Authority;
use crate::error::Result;
use crate::lab::report::rendered;

const PAGE: &str = include_str!("../../../templates/phone/certificate.html");
const CSS: &str = include_str!("../../../templates/phone/certificate.css");

/// Nothing is loaded but the page's own style.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// What iOS takes for a certificate that it is to trust.
const CERTIFICATE: &str = "application/x-x509-ca-cert";

/// What Android keeps as a file: it would refuse to install the other, which only its settings may.
const FILE: &str = "application/octet-stream";

/// The page, its style, and the certificate for either kind of phone.
pub fn routes(authority: &Authority, door: SocketAddr) -> Result<Router> {
    let page = rendered(
        "certificate.html",
        PAGE,
        context! {
            name => authority.name.as_str(),
            fingerprint => authority.fingerprint(),
            door => format!("https://{door}"),
        },
    )?;
    let certificate = Bytes::copy_from_slice(authority.certificate());
    let for_android = certificate.clone();
    Ok(Router::new()
        .route("/", get(async move || guarded(Html(page.clone()))))
        .route(
            "/certificate.css",
            get(async || guarded(([(header::CONTENT_TYPE, "text/css; charset=utf-8")], CSS))),
        )
        .route(
            "/urbania.crt",
            get(async move || guarded(([(header::CONTENT_TYPE, CERTIFICATE)], certificate))),
        )
        .route(
            "/android/urbania.crt",
            get(async move || {
                let headers = [
                    (header::CONTENT_TYPE, FILE),
                    (
                        header::CONTENT_DISPOSITION,
                        "attachment; filename=\"urbania.crt\"",
                    ),
                ];
                guarded((headers, for_android))
            }),
        )
        .fallback(async || guarded((StatusCode::NOT_FOUND, "Not Found"))))
}

fn guarded(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let headers: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
