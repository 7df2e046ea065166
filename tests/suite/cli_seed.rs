//! `urbania seed` as a program, on both stores.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use insta::assert_snapshot;
use rusqlite::Connection;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tempfile::TempDir;
use urbania::auth::password::Passwords;
use urbania::config::StoreSettings;
use urbania::store::{Meeting, Mode, Mongo, Sqlite, Store};

use crate::support::mongo::database;
use crate::support::project::Run;
use crate::support::store::StoreKind;

const EXAMPLE: &str = include_str!("../../templates/seed.yaml");
const PASSWORD: &str = "correct horse battery staple";

/// A project on one kind of store.
struct Seeded {
    dir: TempDir,
    store: Arc<dyn Store>,
}

impl Seeded {
    async fn on(kind: StoreKind) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let uri = match kind {
            StoreKind::Sqlite => SecretString::from("mongodb://nobody"),
            StoreKind::Mongodb => database().await,
        };
        let word = match kind {
            StoreKind::Sqlite => "sqlite",
            StoreKind::Mongodb => "mongodb",
        };
        let files = [
            ("urbania.yaml", format!("store: {{kind: {word}}}\n")),
            (
                "livekit.yaml",
                format!(
                    "keys: {{APItest: {}}}\nroom: {{max_participants: 100}}\n",
                    "s".repeat(32)
                ),
            ),
            (".env", format!("MONGODB_URI={}\n", uri.expose_secret())),
        ];
        for (name, text) in files {
            write(&dir.path().join(name), &text, 0o600);
        }
        let store: Arc<dyn Store> = match kind {
            StoreKind::Sqlite => Arc::new(Sqlite::new(dir.path().join(".urbania/urbania.db"))),
            StoreKind::Mongodb => Arc::new(Mongo::new(uri, StoreSettings::default())),
        };
        Self { dir, store }
    }

    /// Runs `urbania seed` on a file of this text.
    fn seed(&self, text: &str, more: &[&str]) -> Run {
        write(&self.dir.path().join("seed.yaml"), text, 0o600);
        self.run(&[&["seed", "seed.yaml"], more].concat())
    }

    fn run(&self, args: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_urbania"))
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .output()
            .unwrap();
        Run::of(args, &output)
    }

    /// What `-o json` says became of each record.
    fn actions(&self, text: &str) -> Vec<String> {
        let run = self.seed(text, &["-o", "json"]).expect(0);
        let said: Value = serde_json::from_str(&run.stdout).unwrap();
        let records = said["records"].as_array().unwrap().iter();
        records
            .map(|r| format!("{} {} {}", r["kind"], r["name"], r["action"]).replace('"', ""))
            .collect()
    }
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What is printed of the example.
fn table(action: &str) -> String {
    format!(
        "KIND     NAME          ACTION\n\
         user     ada           {action}\n\
         user     grace         {action}\n\
         channel  general       {action}\n\
         club     slow-readers  {action}\n\
         room     daily         {action}\n"
    )
}

#[tokio::test]
async fn the_example_is_stored_once_and_the_second_time_changes_nothing() {
    for kind in StoreKind::ALL {
        println!("on {kind:?}");
        let project = Seeded::on(kind).await;
        let store = project.store.as_ref();
        let dry = project.seed(EXAMPLE, &["--dry-run"]).expect(0);
        assert_eq!(store.users().await.unwrap().len(), 0);
        assert_eq!(dry.stdout, table("would be added"));
        let run = project.seed(EXAMPLE, &[]).expect(0);
        assert!(!format!("{run:?}").contains(PASSWORD));
        assert_eq!(run.stdout, table("added"));
        assert_eq!(
            run.stderr,
            "no local users, so taken as ids: 65f0c1a2b3d4e5f601234567\n"
        );

        let ada = store.user_by_name("ada").await.unwrap().unwrap();
        let grace = store.user_by_name("grace").await.unwrap().unwrap();
        assert_eq!(ada.roles, ["admin"]);
        let hash = Some(ada.password_hash.clone());
        let verified = Passwords::default().verify(PASSWORD.into(), hash).await;
        assert_eq!(verified, Ok(true));
        let general = store.channel("general").await.unwrap().unwrap();
        assert!(general.allows(&ada.id, "JOIN_CHANNEL"));
        assert!(general.allows("65f0c1a2b3d4e5f601234567", "JOIN_CHANNEL"));
        let club = store.club("slow-readers").await.unwrap().unwrap();
        assert!(club.moderates(&ada.id) && club.admits(&grace.id));
        let daily = store.room("daily").await.unwrap().unwrap();
        assert_eq!(daily.created_by, ada.id);
        assert_eq!(daily.participants, [grace.id]);
        assert_eq!(daily.max_participants, 100);

        let again = project.actions(EXAMPLE);
        assert!(again.iter().all(|a| a.ends_with(" unchanged")), "{again:?}");
        let same = store.user_by_name("ada").await.unwrap().unwrap();
        assert_eq!(
            same.password_hash.expose_secret(),
            ada.password_hash.expose_secret()
        );
    }
}

#[tokio::test]
async fn what_differs_is_changed_and_what_the_file_does_not_say_stays() {
    for kind in StoreKind::ALL {
        println!("on {kind:?}");
        let project = Seeded::on(kind).await;
        let store = project.store.as_ref();
        let _ = project.seed(EXAMPLE, &[]).expect(0);
        let meeting = Meeting {
            active: true,
            ..Meeting::default()
        };
        assert!(store.set_meeting("slow-readers", &meeting).await.unwrap());
        let mut daily = store.room("daily").await.unwrap().unwrap();
        daily.call.sid = Some("RM_1".into());
        assert!(store.replace_room(&daily).await.unwrap());
        let ada = store.user_by_name("ada").await.unwrap().unwrap();

        let changed = "users:\n\
                       - {name: ada, password: another one}\n\
                       - {name: grace}\n\
                       - {name: linus, roles: [host]}\n\
                       clubs: [{id: slow-readers, moderator: linus}]\n\
                       rooms: [{name: daily, created_by: ada, mode: webinar}]\n";
        assert_eq!(
            project.actions(changed),
            [
                "user ada changed",
                "user grace unchanged",
                "user linus added",
                "club slow-readers changed",
                "room daily changed",
            ]
        );
        let after = store.user_by_name("ada").await.unwrap().unwrap();
        assert_eq!((&after.id, &after.roles), (&ada.id, &ada.roles));
        let hash = Some(after.password_hash);
        let verified = Passwords::default()
            .verify("another one".into(), hash)
            .await;
        assert_eq!(verified, Ok(true));
        let linus = store.user_by_name("linus").await.unwrap().unwrap();
        let club = store.club("slow-readers").await.unwrap().unwrap();
        assert!(club.moderates(&linus.id) && club.members.is_empty());
        assert_eq!(club.meeting, meeting);
        let daily = store.room("daily").await.unwrap().unwrap();
        assert_eq!((daily.mode, daily.revision), (Mode::Webinar, 2));
        assert_eq!(daily.call.sid.as_deref(), Some("RM_1"));
        assert!(store.channel("general").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_file_with_problems_is_told_line_by_line_and_stores_nothing() {
    let project = Seeded::on(StoreKind::Sqlite).await;
    let run = project.seed(
        "users:\n- name: ada\n- name: ada\n  pasword: very-secret\nclubs:\n- id: c\nroms: []\n",
        &[],
    );
    assert_snapshot!(run.expect(2).stderr, @r"
    error: 4 problems in `seed.yaml`
      seed.yaml:3:9: users[1].name: `ada` again; it is on line 2
      seed.yaml:4:3: users[1].pasword: unknown key; did you mean `password`?
      seed.yaml:6:3: clubs[0]: lacks `moderator`
      seed.yaml:7:1: roms: unknown key; did you mean `rooms`?
    ");
    assert_eq!(project.store.users().await.unwrap().len(), 0);
    let missing = project.run(&["seed", "missing.yaml"]).expect(1);
    assert_snapshot!(missing.stderr, @r"
    error: cannot read `missing.yaml`
      cause: No such file or directory (os error 2)
    ");
}

#[tokio::test]
async fn passwords_that_others_can_read_are_warned_of_and_never_shown() {
    let project = Seeded::on(StoreKind::Sqlite).await;
    write(&project.dir.path().join("open.yaml"), EXAMPLE, 0o644);
    let run = project.run(&["seed", "open.yaml", "-q"]).expect(0);
    assert_eq!(
        run.stderr,
        "warning: open.yaml: other users can read its passwords (mode 0644): chmod 600 open.yaml\n"
    );
    assert!(!format!("{run:?}").contains(PASSWORD));
    // Without passwords there is nothing to hide.
    write(
        &project.dir.path().join("none.yaml"),
        "users: [{name: x}]",
        0o644,
    );
    let run = project.run(&["seed", "none.yaml", "-q"]).expect(0);
    assert_eq!(run.stderr, "");
}

#[tokio::test]
async fn in_sqlite_a_file_is_stored_whole_or_not_at_all() {
    let project = Seeded::on(StoreKind::Sqlite).await;
    project.store.ping().await.unwrap();
    let file = Connection::open(project.dir.path().join(".urbania/urbania.db")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER no BEFORE INSERT ON rooms BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .unwrap();
    let run = project.seed(EXAMPLE, &[]).expect(1);
    assert_snapshot!(run.stderr, @r"
    error: the store was changed meanwhile
    hint: `urbania seed` again stores what is missing
    ");
    assert_eq!(project.store.users().await.unwrap().len(), 0);
    assert_eq!(project.store.club("slow-readers").await.unwrap(), None);
    file.execute_batch("DROP TRIGGER no").unwrap();
    let _ = project.seed(EXAMPLE, &[]).expect(0);
    assert!(project.store.room("daily").await.unwrap().is_some());
}
