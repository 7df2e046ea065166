//! What handlers ask for in their signatures.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::Rejection;
use crate::api::App;
use crate::api::server::Peer;
use crate::auth;

/// The caller. A handler without it is public.
#[derive(Clone, Debug)]
pub struct Caller(pub auth::Caller);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejection> {
        let authorization = parts
            .headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default());
        let now = app.config.clock.unix();
        let caller = app.providers.authenticate(authorization, now)?;
        let store = app.config.store.as_ref();
        app.callers.check(store, &caller.id).await?;
        Ok(Self(caller))
    }
}

/// The caller's address, as far as attempts are counted by it: a whole network in IPv6. A proxy on
/// this machine speaks for others; nobody else is believed about that.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub IpAddr);

impl FromRequestParts<Arc<App>> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(peer)| peer.ip());
        let forwarded = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        let address = forwarded.filter(|_| peer.is_loopback()).unwrap_or(peer);
        Ok(Self(network(address)))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !0 << 64).into(),
        IpAddr::V4(v4) => v4.into(),
    }
}
