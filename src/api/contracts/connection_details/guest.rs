//! Somebody who asks without a login: from this machine by its own name, and not too often.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Rejection;
use crate::api::App;
use crate::api::address::Address;
use crate::api::local_host;
use crate::api::refusal::Refusal;

/// One who may have a token without saying who they are.
#[derive(Clone, Copy, Debug)]
pub struct Guest;

impl FromRequestParts<Arc<App>> for Guest {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        if !local_host::is_named(parts) {
            let why =
                "Without a login this server answers to localhost and loopback addresses alone";
            return Err(Refusal::Forbidden(why.into()).into());
        }
        let Address(address) = Address::of(parts);
        let limit = &app.limits.tokens_by_address;
        limit.take(&address).map_err(Refusal::TooMany)?;
        Ok(Self)
    }
}
