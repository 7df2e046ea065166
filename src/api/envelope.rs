//! What every contract has: a way to say no, and with it its own `Caller` and `Rejection`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::App;
use super::address::Address;
use super::contracts::Contract;
use super::local_host;
use super::refusal::Refusal;
use crate::auth::{self, Accepts, Denied, Provider};
use crate::livekit::token::LONGEST_NAME;

/// A contract's own words for what goes wrong.
pub trait Envelope: Send + Sync + 'static {
    /// The contract.
    const CONTRACT: Contract;

    /// Whose callers it serves.
    const ACCEPTS: Accepts = Accepts::All;

    /// The refusal in its words; it ends in [`Refusal::answer`].
    fn refuse(refusal: &Refusal) -> Response;
}

/// A refusal that is answered in the words of the contract `E`.
pub struct Rejection<E>(Refusal, PhantomData<fn() -> E>);

impl<E> fmt::Debug for Rejection<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E, R: Into<Refusal>> From<R> for Rejection<E> {
    fn from(refusal: R) -> Self {
        Self(refusal.into(), PhantomData)
    }
}

impl<E: Envelope> IntoResponse for Rejection<E> {
    fn into_response(self) -> Response {
        E::refuse(&self.0)
    }
}

/// The caller of a route of the contract `E`. A handler without it is public.
#[derive(Clone)]
pub struct Caller<E>(pub auth::Caller, PhantomData<fn() -> E>);

impl<E> fmt::Debug for Caller<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Envelope> FromRequestParts<Arc<App>> for Caller<E> {
    type Rejection = Rejection<E>;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection<E>> {
        let caller = authenticate(parts, app, E::ACCEPTS).await?;
        Ok(Self(caller, PhantomData))
    }
}

/// The caller of a route that makes tokens: as [`Caller`], and not too often.
#[derive(Clone)]
pub struct Joiner<E>(pub auth::Caller, PhantomData<fn() -> E>);

impl<E> fmt::Debug for Joiner<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Envelope> FromRequestParts<Arc<App>> for Joiner<E> {
    type Rejection = Rejection<E>;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection<E>> {
        let caller = joiner(parts, app, E::ACCEPTS).await?;
        Ok(Self(caller, PhantomData))
    }
}

/// Who sends this request for a token.
pub async fn joiner(parts: &Parts, app: &App, accepts: Accepts) -> Result<auth::Caller, Refusal> {
    let Address(address) = Address::of(parts);
    let limits = &app.limits;
    limits
        .tokens_by_address
        .take(&address)
        .map_err(Refusal::TooMany)?;
    let caller = authenticate(parts, app, accepts).await?;
    limits.tokens.take(&caller.id).map_err(Refusal::TooMany)?;
    Ok(caller)
}

/// Who sends this request.
pub async fn authenticate(
    parts: &Parts,
    app: &App,
    accepts: Accepts,
) -> Result<auth::Caller, Refusal> {
    let authorization = parts
        .headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap_or_default());
    let now = app.config.clock.unix();
    let mut caller = app
        .providers
        .authenticate(authorization, (accepts, parts.uri.path()), now)
        .await?;
    // Nobody signs tokens of Firebase's emulator: a page on the web could make one.
    let unsigned = app.config.auth.emulator && caller.provider == Provider::Firebase;
    if unsigned && !local_host::is_named(parts) {
        return Err(Denied::Signature.into());
    }
    recognise(app, &mut caller).await?;
    // It stands in tokens where the caller says no other name.
    let end = caller.username.floor_char_boundary(LONGEST_NAME);
    caller.username.truncate(end);
    Ok(caller)
}

/// What our own store says of the caller now. The others' users are not in it.
pub async fn recognise(app: &App, caller: &mut auth::Caller) -> Result<(), Refusal> {
    if caller.provider == Provider::Local {
        let store = app.config.store.as_ref();
        app.callers.check(store, caller).await?;
    }
    Ok(())
}
