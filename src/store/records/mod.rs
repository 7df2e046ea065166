//! What is remembered, in the apps' words and independent of where.

mod channel;
mod club;
mod known;
mod room;
mod user;

pub use channel::{Channel, Role};
pub use club::{Club, Meeting};
pub use known::{CLUB_ROOM, Known};
pub use room::{Call, CallType, Lobby, Mode, Present, Room, Status};
pub use user::User;
