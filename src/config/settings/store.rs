//! `store:` of `urbania.yaml`: where records are, and what the apps call theirs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where records are.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct StoreSettings {
    /// What holds users, rooms, channels and clubs.
    pub kind: StoreChoice,
    /// MongoDB database with the apps' own collections. Default: the one that MONGODB_URI names.
    #[schemars(extend("format" = "database"))]
    pub database: Option<String>,
    /// The app's reading clubs in MongoDB. Fields of fields are written with dots.
    pub clubs: ClubNames,
    /// The app's voice channels in MongoDB. Fields of fields are written with dots.
    pub channels: ChannelNames,
}

/// What holds the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StoreChoice {
    /// MongoDB where `urbania up` runs one, else SQLite.
    #[default]
    Auto,
    /// The database of MONGODB_URI, whoever runs it.
    Mongodb,
    /// The file .urbania/urbania.db.
    Sqlite,
}

/// Names in the collection of clubs.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct ClubNames {
    /// Its database, where that is another one than `store.database`.
    #[schemars(extend("format" = "database"))]
    pub database: Option<String>,
    /// The collection.
    #[schemars(extend("format" = "collection"))]
    pub collection: String,
    /// Field with the id: an ObjectId, a text or a number.
    #[schemars(extend("format" = "field"))]
    pub id: String,
    /// Field with the name.
    #[schemars(extend("format" = "field"))]
    pub name: String,
    /// Field with the id of who starts and ends meetings.
    #[schemars(extend("format" = "field"))]
    pub moderator: String,
    /// Field with the list of members.
    #[schemars(extend("format" = "field"))]
    pub members: String,
    /// Field with the id in each member; a member that is no document is the id itself.
    #[schemars(extend("format" = "field"))]
    pub member_id: String,
    /// Field that says whether a meeting goes on. It and the next three are all that is written.
    #[schemars(extend("format" = "field"))]
    pub meeting_active: String,
    /// Field with the time at which the meeting began.
    #[schemars(extend("format" = "field"))]
    pub meeting_started_at: String,
    /// Field with the time at which the last meeting ended.
    #[schemars(extend("format" = "field"))]
    pub meeting_ended_at: String,
    /// Field with the length of the last meeting in seconds.
    #[schemars(extend("format" = "field"))]
    pub last_meeting_duration: String,
}

impl Default for ClubNames {
    fn default() -> Self {
        Self {
            database: None,
            collection: "readingclubs".into(),
            id: "_id".into(),
            name: "name".into(),
            moderator: "moderator_id".into(),
            members: "members".into(),
            member_id: "user_id".into(),
            meeting_active: "meeting_active".into(),
            meeting_started_at: "meeting_started_at".into(),
            meeting_ended_at: "meeting_ended_at".into(),
            last_meeting_duration: "last_meeting_duration".into(),
        }
    }
}

impl ClubNames {
    /// The fields of a club and the settings that name them.
    pub fn fields(&self) -> [(&'static str, &str); 8] {
        [
            ("id", &self.id),
            ("name", &self.name),
            ("moderator", &self.moderator),
            ("members", &self.members),
            ("meeting_active", &self.meeting_active),
            ("meeting_started_at", &self.meeting_started_at),
            ("meeting_ended_at", &self.meeting_ended_at),
            ("last_meeting_duration", &self.last_meeting_duration),
        ]
    }
}

/// Names in the collection of channels.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct ChannelNames {
    /// Its database, where that is another one than `store.database`.
    #[schemars(extend("format" = "database"))]
    pub database: Option<String>,
    /// The collection.
    #[schemars(extend("format" = "collection"))]
    pub collection: String,
    /// Field with the id: an ObjectId, a text or a number.
    #[schemars(extend("format" = "field"))]
    pub id: String,
    /// Field with the name.
    #[schemars(extend("format" = "field"))]
    pub name: String,
    /// Field with the list of roles.
    #[schemars(extend("format" = "field"))]
    pub roles: String,
    /// Field with the name in each role.
    #[schemars(extend("format" = "field"))]
    pub role_name: String,
    /// Field with the list of permissions in each role.
    #[schemars(extend("format" = "field"))]
    pub permissions: String,
    /// Field with the list of members in each role.
    #[schemars(extend("format" = "field"))]
    pub members: String,
    /// Field with the id in each member. Default: members are the ids themselves.
    #[schemars(extend("format" = "field"))]
    pub member_id: Option<String>,
}

impl Default for ChannelNames {
    fn default() -> Self {
        Self {
            database: None,
            collection: "channels".into(),
            id: "_id".into(),
            name: "name".into(),
            roles: "roles".into(),
            role_name: "name".into(),
            permissions: "permissions".into(),
            members: "members".into(),
            member_id: None,
        }
    }
}

impl ChannelNames {
    /// The fields of a channel and the settings that name them.
    pub fn fields(&self) -> [(&'static str, &str); 3] {
        [
            ("id", &self.id),
            ("name", &self.name),
            ("roles", &self.roles),
        ]
    }
}
