//! People in front of browsers: windows on this machine, phones on the same network.
//!
//! Each comes in by a link that is good once: [`link`] has the API make it, and the page exchanges it for a session.
//! The code is in the fragment, which browsers send to nobody.

pub mod link;
pub mod people;
pub mod phone;
pub mod qr;
pub mod window;
