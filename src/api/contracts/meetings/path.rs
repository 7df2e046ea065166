//! The club in the path.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::{Rejection, meeting};
use crate::api::App;
use crate::api::refusal::Refusal;

/// Id of a club, percent-decoded.
#[derive(Debug)]
pub struct ClubId(pub String);

impl FromRequestParts<Arc<App>> for ClubId {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, app).await;
        let Path(id) = path.map_err(|_| Refusal::BadRequest("clubId is not UTF-8".into()))?;
        meeting::check_id("clubId", &id)?;
        Ok(Self(id))
    }
}
