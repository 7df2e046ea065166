//! Whoever comes with a token for a room that was deleted since is sent away.

use std::collections::HashMap;

use crate::api::App;
use crate::livekit::webhook::{Kind, RoomEvent};
use crate::presence::Seen;
use crate::presence::making::{MADE, is_over};
use crate::store::Room;

use super::reconcile::Missed;

impl App {
    /// Of one who just came, by the record as it is now. What fails is made good by asking the SFU.
    pub(super) async fn send_away_if_stale(&self, event: &RoomEvent, now: Option<&Room>) {
        let Some(who) = event
            .participant
            .as_ref()
            .filter(|_| event.kind == Kind::Joined)
        else {
            return;
        };
        let made = who.attributes.get(MADE);
        if !made.is_some_and(|made| is_over(made, now)) {
            return;
        }
        let (room, who) = (&event.room.name, &who.stay.identity);
        if let Err(e) = self.sfu.remove(room, who).await {
            tracing::info!(
                "a participant with a token for a room that is over stays a moment: {e}"
            );
            self.gap.notify_one();
        }
    }

    /// Of all whom the SFU lists; `records` may be a little older.
    pub(super) async fn send_stale_away(
        &self,
        seen: &HashMap<String, Seen>,
        records: &HashMap<String, Room>,
    ) -> Result<(), Missed> {
        for (name, seen) in seen {
            let is_doubtful = |(_, made): &(String, String)| is_over(made, records.get(name));
            if !seen.made.iter().any(is_doubtful) {
                continue;
            }
            // A record that is newer than the list has the last word.
            let now = self.config.store.room(name).await?;
            for (who, made) in &seen.made {
                if is_over(made, now.as_ref()) {
                    self.sfu.remove(name, who).await?;
                }
            }
        }
        Ok(())
    }
}
