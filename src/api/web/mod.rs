//! The web client: pages and files that were built from `web/` and are part of the program.
//!
//! A page is one document whatever its path; the client's own code looks at the path. Nothing is loaded from
//! elsewhere, and tokens are in no address.

mod encoding;
mod files;
mod headers;

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Path, State};
use axum::http::header::{ACCEPT, IF_NONE_MATCH};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;
use super::contracts::{Contract, not_found};
use super::refusal::Refusal;

/// Paths that are pages; any other one that is no file is nobody's.
const PAGES: [&str; 6] = [
    "/",
    "/login",
    "/meeting/pre-join",
    "/meeting/invite",
    "/meeting/room",
    "/lab",
];

/// The pages and their files, where they are wanted.
pub fn routes(wanted: bool) -> Router<Arc<App>> {
    if !wanted {
        return Router::new();
    }
    let pages = PAGES
        .iter()
        .fold(Router::new(), |router, path| router.route(path, get(page)));
    pages.route("/assets/{*path}", get(asset))
}

async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(file) = files::find("index.html", &headers) else {
        return (StatusCode::NOT_FOUND, NOT_BUILT).into_response();
    };
    let mut response = file.answer(&headers, files::Keep::AskAgain);
    headers::protect(&mut response, &app.config.reach.url(&headers));
    response
}

/// What nobody serves: to whoever looks at it in a browser the client says so, to all others the contract.
pub async fn nobody(
    State(app): State<Arc<App>>,
    method: Method,
    uri: OriginalUri,
    mut headers: HeaderMap,
) -> Response {
    let is_looked_at =
        method == Method::GET && !uri.path().starts_with("/api/") && wants_page(&headers);
    if !app.config.web || !is_looked_at || files::find("index.html", &headers).is_none() {
        return not_found(uri).await;
    }
    // What is unchanged would be an empty page.
    headers.remove(IF_NONE_MATCH);
    let mut response = page(State(app), headers).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Browsers name HTML; whoever takes anything does not ask for a page.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match files::find(&format!("assets/{path}"), &headers) {
        // Its name has a hash of its content.
        Some(file) => file.answer(&headers, files::Keep::Forever),
        None => Contract::Urbania.refuse(&Refusal::NotFound("Not Found".into())),
    }
}

const NOT_BUILT: &str = "This urbania was built without its web client.\n\
                         hint: scripts/web   builds it; then build urbania again\n";
