//! The web client: how its files are served, and what it does in real browsers.

mod invited;
mod lobby;
mod serving;
mod walks;
