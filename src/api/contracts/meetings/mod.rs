//! Booky: meetings of reading clubs.
//!
//! Errors are `{"error": "…"}`, on 400 with every problem in one text.
//!
//! The SFU is asked first and the club is written after it, so that a crash in between leaves a club
//! that is behind, never one that claims what is not: the same request again finds what the SFU has
//! and writes what is missing. When a meeting began stands in the room's metadata; the club's own
//! `meeting_started_at` counts where somebody replaced the metadata.
//!
//! - `start` makes the room, or takes the one that is there: also one that came into being because
//!   a member was early.
//! - `end` of a meeting that has ended already answers like the first time; where there never was
//!   one, it says that one of no length ended now and writes nothing. While the SFU does not end
//!   the room, the answer is 200 `{"success": false, "endedAt": null, "duration": null}` and the
//!   club stays as it was: nothing has ended yet.
//! - `status` is for every caller, as is said of no other route here; without the SFU's answer it is
//!   503. A room that the SFU has without a meeting in it (somebody was early) is not active, but who
//!   is in it is counted.

mod end;
mod envelope;
mod meeting;
pub(in crate::api) mod openapi;
mod path;
mod start;
mod status;
mod token;
mod turns;

pub use end::end;
pub use envelope::Meetings;
pub use meeting::{EMPTY_TIMEOUT, MAX_PARTICIPANTS};
pub use start::start;
pub use status::status;
pub use token::token;
pub use turns::Turns;

use crate::api::App;
use crate::api::refusal::Refusal;
use crate::store::Club;

type Rejection = crate::api::envelope::Rejection<Meetings>;
type Joiner = crate::api::envelope::Joiner<Meetings>;
type Caller = crate::api::envelope::Caller<Meetings>;

/// The club with this id.
async fn club(app: &App, id: &str) -> Result<Club, Refusal> {
    app.config.store.club(id).await?.ok_or_else(no_club)
}

fn no_club() -> Refusal {
    Refusal::NotFound("Reading club not found".into())
}
