//! A connection to MongoDB that breaks while something is stored.

use jiff::Timestamp;
use urbania::config::StoreSettings;
use urbania::store::{Call, CallType, Mode, Mongo, Room, Store, User};

use crate::support::cut_line::CutLine;
use crate::support::mongo::database_on_a_line;

#[tokio::test]
async fn what_is_stored_over_a_line_that_breaks_once_is_stored_once() {
    let mut cut = 0;
    // Far enough for the login, the indexes and each of the writes to be the one that is cut off.
    for bytes in (1..2_200).step_by(100) {
        let (uri, line) = database_on_a_line(|port| CutLine::cut_once(port, bytes)).await;
        let store = Mongo::new(uri, StoreSettings::default());
        let user = User {
            id: "1".into(),
            username: "ada".into(),
            roles: Vec::new(),
            password_hash: "none".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let mut room = Room {
            name: "daily".into(),
            created_by: "1".into(),
            created_at: Timestamp::UNIX_EPOCH,
            call_type: CallType::Video,
            mode: Mode::Call,
            participants: Vec::new(),
            max_participants: 0,
            lobby: None,
            call: Call::default(),
            revision: 0,
        };
        let place = format!("cut after {bytes} bytes");
        store.add_user(&user).await.expect(&place);
        store.add_room(&room).await.expect(&place);
        let hash = "another".to_owned().into();
        assert!(store.set_password("ada", &hash).await.expect(&place));
        room.max_participants = 7;
        let replaced = store.replace_room(&room).await.expect(&place);
        let now = store.room("daily").await.unwrap().unwrap();
        assert_eq!(
            (now.revision, now.max_participants),
            (1, 7),
            "{place}: {replaced}"
        );
        assert_eq!(store.users().await.unwrap().len(), 1, "{place}");
        cut += usize::from(line.is_cut());
    }
    assert!(cut >= 10, "only {cut} lines were cut");
}
