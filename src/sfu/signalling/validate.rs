//! What clients ask when they have been refused: why?

use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::token::{Joiner, Keys, Refusal};

/// `GET /rtc/validate`.
pub async fn two_connections(
    State(keys): State<Keys>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<&'static str, Refusal> {
    Joiner::of(&keys, &headers, &uri)?;
    Ok("success")
}
