//! Urbania: a Next.js client that used to talk to a FastAPI backend.
//!
//! Errors are FastAPI's: `{"detail": "…"}`, and for fields a list, `{"detail": [{"loc", "msg",
//! "type"}]}`, with 422. Where FastAPI would give 422 for something that is not a matter of
//! fields, the contract's general rule wins: JSON that cannot be parsed, another content type and
//! over-long names (in bytes, as LiveKit counts: it would refuse the holder of the token) are 400 with `{"detail": "…"}`. An empty body, JSON that is not an object, a
//! missing, empty or mistyped field are the list. Unlike FastAPI's, its entries have no `input`: it
//! would send passwords back.

mod envelope;
mod login;
mod me;
mod token;

pub use envelope::Urbania;
pub use login::login;
pub use me::me;
pub use token::token;

use crate::api::refusal::Refusal;

type Rejection = crate::api::envelope::Rejection<Urbania>;
type Caller = crate::api::envelope::Caller<Urbania>;

/// A body that is neither JSON nor what else the route takes.
fn unsupported() -> Refusal {
    Refusal::BadRequest("Content-Type must be application/json".into())
}
