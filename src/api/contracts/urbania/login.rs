//! `POST /api/auth/login`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Rejection;
use super::openapi::{BodyRefusals, LimitRefusals, Login, Refusals};
use crate::api::App;
use crate::api::address::Address;
use crate::api::answer::Secret;
use crate::api::fields::{self, Field, Problems};
use crate::api::payload::{self, MediaType};
use crate::api::refusal::Refusal;
use crate::auth::SESSION_TTL;
use crate::auth::local::{self, LoginError};

#[derive(Default, Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    username: Field<'a>,
    #[serde(borrow, default)]
    email: Field<'a>,
    #[serde(borrow, default)]
    password: Field<'a>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = UrbaniaSession)]
pub(super) struct Answer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
}

impl<'a> Answer<'a> {
    /// A session that lasts so many seconds.
    pub fn new(session: &'a str, expires_in: u64) -> Self {
        Self {
            access_token: session,
            token_type: "bearer",
            expires_in,
        }
    }
}

/// Public: a name and a password for a session.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    operation_id = "login",
    tag = "Urbania",
    request_body(content(
        (Login = "application/json"),
        (Login = "application/x-www-form-urlencoded")
    )),
    responses(
        (status = 200, description = "A session", body = Answer),
        Refusals,
        BodyRefusals,
        LimitRefusals
    )
)]
pub async fn login(
    State(app): State<Arc<App>>,
    Address(address): Address,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Rejection> {
    let limits = &app.limits;
    limits.logins.take(&address).map_err(Refusal::TooMany)?;
    let body = payload::read(body).await?;
    let request = match MediaType::of(&headers) {
        MediaType::Json => fields::parse(&body)?,
        MediaType::Form => form(&body),
        MediaType::Other => return Err(payload::not_json().into()),
    };
    let (username, password) = credentials(request)?;

    limits
        .failed_logins
        .take(&username)
        .map_err(Refusal::TooMany)?;
    let (store, passwords) = (app.config.store.as_ref(), &app.config.passwords);
    let user = local::login(store, passwords, &username, password).await;
    if !matches!(user, Err(LoginError::Mismatch)) {
        limits.failed_logins.give_back(&username);
    }
    let session = app.providers.local.issue(&user?, app.config.clock.unix())?;
    let answer = Answer::new(session.expose_secret(), SESSION_TTL.as_secs());
    Ok(Secret(&answer).into_response())
}

fn credentials(request: Request<'_>) -> Result<(Cow<'_, str>, SecretString), Refusal> {
    let mut problems = Problems::default();
    let name = match request.username {
        Field::Missing if !matches!(request.email, Field::Missing) => {
            problems.filled("email", request.email)
        }
        username => problems.filled("username", username),
    };
    let password = problems.text("password", request.password);
    problems.check()?;
    Ok((name, password.into_owned().into()))
}

fn form(body: &[u8]) -> Request<'_> {
    let mut request = Request::default();
    for (name, value) in form_urlencoded::parse(body) {
        let field = match &*name {
            "username" => &mut request.username,
            "email" => &mut request.email,
            "password" => &mut request.password,
            _ => continue,
        };
        *field = Field::Text(value);
    }
    request
}
