//! `GET /api/auth/me`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Rejection;
use super::openapi::Refusals;
use crate::api::App;
use crate::auth::{Caller, Denied, Provider};

/// The caller, as the store knows them now, or as their provider does.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaUser)]
pub struct Answer {
    id: String,
    username: String,
    roles: Vec<String>,
}

/// Who the caller is; a session of a user who was removed is worth nothing here.
#[utoipa::path(
    get,
    path = "/api/auth/me",
    operation_id = "me",
    tag = "Urbania",
    security(("bearer" = [])),
    responses((status = 200, description = "The caller", body = Answer), Refusals)
)]
pub async fn me(
    State(app): State<Arc<App>>,
    caller: super::Caller,
) -> Result<Json<Answer>, Rejection> {
    if caller.0.provider != Provider::Local {
        let Caller {
            id,
            username,
            roles,
            ..
        } = caller.0;
        return Ok(Json(Answer {
            id,
            username,
            roles,
        }));
    }
    let user = app
        .config
        .store
        .user_by_id(&caller.0.id)
        .await?
        .ok_or(Denied::Invalid)?;
    Ok(Json(Answer {
        id: user.id,
        username: user.username,
        roles: user.roles,
    }))
}
