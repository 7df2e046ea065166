//! Clubs in MongoDB: the app's own collection, under its own names.

use mongodb::Collection;
use mongodb::bson::{Bson, DateTime, Document, doc};

use super::super::{Club, Meeting, StoreError};
use super::fields::{Fields, list_of};
use super::ids;
use crate::config::ClubNames;

/// The collection of clubs.
#[derive(Debug)]
pub struct Clubs {
    /// The app's documents.
    pub collection: Collection<Document>,
    /// What the app calls things.
    pub names: ClubNames,
}

impl Clubs {
    /// The club with this id.
    pub async fn by_id(&self, id: &str) -> Result<Option<Club>, StoreError> {
        let names = &self.names;
        let found = self.collection.find_one(ids::filter(&names.id, id));
        let Some(document) = found.await? else {
            return Ok(None);
        };
        let club = Fields {
            document: &document,
            collection: &names.collection,
        };
        Ok(Some(Club {
            id: club.id(&names.id)?,
            name: club.text(&names.name)?,
            moderator_id: club.id(&names.moderator)?,
            members: club.ids(&names.members, Some(&names.member_id))?,
            meeting: Meeting {
                active: club.flag(&names.meeting_active)?,
                started_at: club.time(&names.meeting_started_at)?,
                ended_at: club.time(&names.meeting_ended_at)?,
                last_duration: club.seconds(&names.last_meeting_duration)?,
            },
        }))
    }

    /// Stores a club's meeting; all else in the document stays as it is.
    pub async fn set_meeting(&self, id: &str, meeting: &Meeting) -> Result<bool, StoreError> {
        let (set, unset) = self.meeting(meeting);
        let mut change = doc! { "$set": set };
        if !unset.is_empty() {
            change.insert("$unset", unset);
        }
        let this = ids::filter(&self.names.id, id);
        let done = self.collection.update_one(this, change).await?;
        Ok(done.matched_count > 0)
    }

    /// Adds a club, or replaces all of one but its meeting.
    pub async fn put(&self, club: &Club) -> Result<(), StoreError> {
        let names = &self.names;
        let change = doc! {
            &names.name: &club.name,
            &names.moderator: ids::value(&club.moderator_id),
            &names.members: list_of(&club.members, Some(&names.member_id)),
        };
        let this = ids::filter(&names.id, &club.id);
        let done = self
            .collection
            .update_one(this, doc! { "$set": change.clone() })
            .await?;
        if done.matched_count == 0 {
            let new = doc! { &names.id: ids::value(&club.id) };
            let (meeting, _) = self.meeting(&club.meeting);
            let change = doc! { "$set": change, "$setOnInsert": meeting };
            self.collection.update_one(new, change).upsert(true).await?;
        }
        Ok(())
    }

    /// The fields of a meeting that have a value, and those that have none.
    fn meeting(&self, meeting: &Meeting) -> (Document, Document) {
        let names = &self.names;
        let time = |at: jiff::Timestamp| Bson::from(DateTime::from_millis(at.as_millisecond()));
        let mut set = doc! { &names.meeting_active: meeting.active };
        let mut unset = Document::new();
        for (name, value) in [
            (&names.meeting_started_at, meeting.started_at.map(time)),
            (&names.meeting_ended_at, meeting.ended_at.map(time)),
            (
                &names.last_meeting_duration,
                meeting.last_duration.map(number),
            ),
        ] {
            match value {
                Some(value) => set.insert(name, value),
                None => unset.insert(name, ""),
            };
        }
        (set, unset)
    }
}

/// A number as JavaScript writes it: short where it fits.
fn number(value: u64) -> Bson {
    i32::try_from(value).map_or_else(
        |_| Bson::Int64(i64::try_from(value).unwrap_or(i64::MAX)),
        Bson::Int32,
    )
}
