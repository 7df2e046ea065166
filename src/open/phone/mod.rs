//! The door for phones: HTTPS on this machine's network, for cameras need it, with a certificate of an authority
//! of this machine's user. Behind it are the web client's pages, what they ask of the API, and the SFU's signalling.
//!
//! One port speaks both: HTTPS leads in, plain HTTP is the page that says how a phone comes to trust the certificate.

mod authority;
mod certificate;
mod certificate_page;
mod door;
mod forward;
mod routes;

pub use authority::Authority;
pub use certificate::is_within;
pub use door::Door;
pub use routes::Inside;
