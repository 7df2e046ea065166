//! Collections that an app owns: read as they are, and only the fields of the meeting are written.

use jiff::Timestamp;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::{Client, Collection};
use secrecy::{ExposeSecret as _, SecretString};
use urbania::config::{ChannelNames, ClubNames, StoreSettings};
use urbania::store::{Channel, Meeting, Mongo, Role, Store as _, StoreError};

use crate::support::mongo::database;

const CLUB: &str = "65f0c1a2b3d4e5f601234567";
const ADA: &str = "65f0c1a2b3d4e5f6012345aa";
const GRACE: &str = "65f0c1a2b3d4e5f6012345bb";

fn oid(hex: &str) -> ObjectId {
    ObjectId::parse_str(hex).unwrap()
}

/// A collection as the app itself uses it, in the database of the URI or in another.
async fn of_app(uri: &SecretString, database: Option<&str>, name: &str) -> Collection<Document> {
    let client = Client::with_uri_str(uri.expose_secret()).await.unwrap();
    let own = client.default_database().unwrap();
    database
        .map_or(own, |name| client.database(name))
        .collection(name)
}

/// A club as Booky has it.
fn booky() -> Document {
    doc! {
        "_id": oid(CLUB),
        "name": "Slow readers",
        "moderator_id": oid(ADA),
        "members": [
            { "_id": ObjectId::new(), "user_id": oid(ADA), "joined": DateTime::from_millis(1) },
            { "_id": ObjectId::new(), "user_id": oid(GRACE), "role": "reader" },
        ],
        "books": [{ "title": "Middlemarch", "chapters": 86 }],
        "meeting_room": "ours",
        "settings": { "public": true, "ratio": 1.5 },
        "__v": 3,
    }
}

#[tokio::test]
async fn bookys_clubs_are_read_as_they_are_and_keep_every_other_field() {
    let uri = database().await;
    let clubs = of_app(&uri, None, "readingclubs").await;
    let before = booky();
    clubs.insert_one(&before).await.unwrap();
    let store = Mongo::new(uri, StoreSettings::default());
    let club = store.club(CLUB).await.unwrap().unwrap();
    assert_eq!(club.id, CLUB);
    assert_eq!(club.name, "Slow readers");
    assert!(club.moderates(ADA) && club.admits(GRACE) && !club.admits(CLUB));
    assert_eq!(club.meeting, Meeting::default());
    // Another spelling would be another room of the SFU.
    assert_eq!(store.club(&CLUB.to_uppercase()).await.unwrap(), None);

    let meeting = Meeting {
        active: true,
        started_at: Some(Timestamp::from_millisecond(1_800_000_000_123).unwrap()),
        ended_at: None,
        last_duration: Some(61),
    };
    assert!(store.set_meeting(CLUB, &meeting).await.unwrap());
    let mut expected = before.clone();
    expected.insert("meeting_active", true);
    expected.insert(
        "meeting_started_at",
        DateTime::from_millis(1_800_000_000_123),
    );
    expected.insert("last_meeting_duration", 61);
    let mut after = clubs.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(sorted(&mut after), sorted(&mut expected));
    assert_eq!(store.club(CLUB).await.unwrap().unwrap().meeting, meeting);
    assert!(store.set_meeting(CLUB, &Meeting::default()).await.unwrap());
    let mut after = clubs.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(after.remove("meeting_active"), Some(false.into()));
    assert_eq!(sorted(&mut after), sorted(&mut before.clone()));
}

/// Fields in one order: a database need not keep that of new ones.
fn sorted(document: &mut Document) -> Vec<(String, mongodb::bson::Bson)> {
    let mut fields: Vec<_> = std::mem::take(document).into_iter().collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields
}

#[tokio::test]
async fn collections_fields_and_database_are_called_what_the_settings_say() {
    let uri = database().await;
    let own = of_app(&uri, None, "x").await.namespace().db;
    let (other, elsewhere) = (format!("{own}-app"), format!("{own}-elsewhere"));
    let settings = StoreSettings {
        database: Some(other.clone()),
        clubs: ClubNames {
            collection: "groups".into(),
            id: "key".into(),
            name: "info.title".into(),
            moderator: "info.owner".into(),
            members: "people".into(),
            member_id: "user.id".into(),
            meeting_active: "call.on".into(),
            meeting_started_at: "call.since".into(),
            ..ClubNames::default()
        },
        channels: ChannelNames {
            database: Some(elsewhere.clone()),
            collection: "voice".into(),
            roles: "access.roles".into(),
            permissions: "can".into(),
            members: "who".into(),
            member_id: Some("uid".into()),
            ..ChannelNames::default()
        },
        ..StoreSettings::default()
    };
    let groups = of_app(&uri, Some(&other), "groups").await;
    groups
        .insert_one(doc! {
            "key": 42,
            "info": { "title": "Group", "owner": 7, "since": 2020 },
            "people": [{ "user": { "id": 7.0 } }, { "user": { "id": 8_i64 } }, "bare"],
            "call": { "quality": "hd" },
        })
        .await
        .unwrap();
    let store = Mongo::new(uri.clone(), settings);
    let group = store.club("42").await.unwrap().unwrap();
    assert_eq!((group.id.as_str(), group.name.as_str()), ("42", "Group"));
    assert_eq!(group.moderator_id, "7");
    assert_eq!(group.members, ["7", "8", "bare"]);
    let going = Meeting {
        active: true,
        started_at: Some(Timestamp::UNIX_EPOCH),
        ..Meeting::default()
    };
    assert!(store.set_meeting("42", &going).await.unwrap());
    assert_eq!(store.club("42").await.unwrap().unwrap().meeting, going);
    let after = groups.find_one(doc! { "key": 42 }).await.unwrap().unwrap();
    let call = after.get_document("call").unwrap();
    assert_eq!(call.get_str("quality").unwrap(), "hd");
    assert!(call.get_bool("on").unwrap());
    let info = after.get_document("info").unwrap();
    assert_eq!(info.get_i32("since").unwrap(), 2020);

    let channel = Channel {
        id: CLUB.into(),
        name: "Lobby".into(),
        roles: vec![Role {
            name: "member".into(),
            permissions: vec!["JOIN_CHANNEL".into()],
            members: vec![ADA.into(), "bare".into()],
        }],
    };
    store.put_channel(&channel).await.unwrap();
    assert_eq!(store.channel(CLUB).await.unwrap(), Some(channel));
    let voice = of_app(&uri, Some(&elsewhere), "voice").await;
    let written = voice.find_one(doc! { "_id": oid(CLUB) }).await.unwrap();
    let written = written.expect("a new document has an ObjectId");
    let access = written.get_document("access").unwrap();
    let role = access.get_array("roles").unwrap()[0].as_document().unwrap();
    let who = doc! { "who": [{ "uid": oid(ADA) }, { "uid": "bare" }] };
    assert_eq!(role.get("who"), who.get("who"));
}

#[tokio::test]
async fn krakens_channels_are_read_with_members_of_every_kind() {
    let uri = database().await;
    let channels = of_app(&uri, None, "channels").await;
    channels
        .insert_one(doc! {
            "_id": oid(CLUB),
            "name": "General",
            "type": "VOICE",
            "roles": [
                { "name": "member", "permissions": ["JOIN_CHANNEL"], "members": [oid(ADA), "grace"] },
                { "name": "nobody" },
            ],
        })
        .await
        .unwrap();
    let store = Mongo::new(uri, StoreSettings::default());
    let channel = store.channel(CLUB).await.unwrap().unwrap();
    for (user, allowed) in [(ADA, true), ("grace", true), (GRACE, false)] {
        assert_eq!(channel.allows(user, "JOIN_CHANNEL"), allowed, "{user}");
    }
    assert_eq!(channel.roles[1].permissions, [""; 0]);
}

#[tokio::test]
async fn a_field_that_holds_something_else_is_told_by_its_name_and_opens_nothing() {
    let uri = database().await;
    let clubs = of_app(&uri, None, "readingclubs").await;
    for (id, field, value) in [
        ("a", "moderator_id", doc! { "v": { "name": "ada" } }),
        ("b", "members", doc! { "v": "everybody" }),
        ("c", "meeting_active", doc! { "v": "yes" }),
    ] {
        let mut club = booky();
        club.insert("_id", id);
        club.insert(field, value.get("v").unwrap().clone());
        clubs.insert_one(club).await.unwrap();
        let store = Mongo::new(uri.clone(), StoreSettings::default());
        let broken = store.club(id).await.unwrap_err();
        assert!(matches!(broken, StoreError::Broken(_)), "{broken:?}");
        let cause = std::error::Error::source(&broken).unwrap().to_string();
        let told = format!("`{field}` of a document in `readingclubs` is not ");
        assert!(cause.starts_with(&told), "{cause}");
    }
}
