//! What the pages of docs/ show is taken by the program.

pub mod json;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use urbania::store::{Channel, Club, Meeting, Role};

use crate::config::Folder;
use crate::sdk::{everything, id_token};
use crate::support::api::{Api, PASSWORD};
use crate::support::sfu::TestSfu;
use crate::support::store::StoreKind;

const KEYS: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";

/// README.md and all pages.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/apps", "docs/doctor"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        pages.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    pages.sort();
    pages
}

/// The `yaml` blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    let blocks = page.split("```yaml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// Which file a block is of; it says so where it is not urbania.yaml.
fn file_of(block: &str) -> &str {
    let first = block.lines().next().unwrap_or_default();
    let named = first.strip_prefix("# ");
    let named = named.filter(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|e| e == "yaml" || e == "yml")
    });
    named.unwrap_or("urbania.yaml")
}

#[test]
fn every_block_of_yaml_is_one_that_the_program_takes() {
    let mut seen = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for block in blocks(&text) {
            let place = format!("{}:\n{block}", page.display());
            let folder = Folder::with(&[("livekit.yaml", KEYS), (file_of(block), block)]);
            let run = match file_of(block) {
                "urbania.yaml" | "livekit.yaml" => folder.run(&["config", "validate"]),
                "seed.yaml" => {
                    let sqlite = "services: {mongodb: {enabled: false}}\n";
                    folder.write("urbania.yaml", sqlite);
                    folder.run(&["seed", "seed.yaml"])
                }
                // Other programs' files.
                _ => continue,
            };
            assert_eq!(run.code, Some(0), "{place}\n{}", run.stderr);
            seen += 1;
        }
    }
    assert!(seen >= 8, "only {seen} blocks were found");
}

#[test]
fn every_link_between_pages_leads_to_a_file() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {target}", page.display());
        }
    }
}

/// Runs the commands that a page shows in its blocks of `sh`, against this API; what they print, each
/// answer followed by its status.
async fn run_shown(api: &Api, page: &str) -> String {
    let script: String = page
        .split("```sh\n")
        .skip(1)
        .fold(String::new(), |all, rest| {
            all + rest.split("```").next().unwrap()
        });
    assert!(script.contains("http://localhost:8000"), "{page}");
    let script = script
        .replace("http://localhost:8000", &api.base)
        .replace("PASSWORD", &PASSWORD.replace(' ', "+"));
    let session = api.session().await;
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join(".curlrc"),
        "write-out = \" %{http_code}\\n\"\n",
    )
    .unwrap();
    let mut shell = Command::new("bash");
    shell
        .args(["-euc", &script])
        .env("CURL_HOME", home.path())
        .env("TOKEN", &session)
        .env("SESSION", &session)
        .env("ID_TOKEN", id_token());
    let run = tokio::task::spawn_blocking(move || shell.output());
    let run = run.await.unwrap().unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).unwrap()
}

#[tokio::test]
async fn every_request_that_a_page_of_an_app_shows_is_answered_as_the_page_says() {
    let sfu = TestSfu::start(None).await;
    let api = everything(StoreKind::Sqlite.open().await, |config| {
        config.reach = sfu.reach();
    })
    .await;
    let role = Role {
        name: "member".into(),
        permissions: vec!["JOIN_CHANNEL".into()],
        members: vec![api.ada.clone()],
    };
    let channel = Channel {
        id: "65f0c1a2b3d4e5f601234567".into(),
        name: "Voice".into(),
        roles: vec![role],
    };
    let club = Club {
        id: "slow-readers".into(),
        name: "Slow readers".into(),
        moderator_id: "17".into(),
        members: vec![api.ada.clone()],
        meeting: Meeting::default(),
    };
    api.store.put_channel(&channel).await.unwrap();
    api.store.put_club(&club).await.unwrap();

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/apps");
    let mut shown = 0;
    for (name, status, said) in [
        ("booky", "200", &["isActive", "participantCount"][..]),
        ("kraken", "200", &["healthy", "token", "expiresAt"]),
        ("sandbox", "200", &["serverUrl", "participantToken"]),
        ("token-source", "201", &["server_url", "participant_token"]),
        ("urbania", "201", &["access_token", "room_name"]),
        ("we-chat", "400", &["error"]),
    ] {
        let page = fs::read_to_string(root.join(name).with_extension("md")).unwrap();
        let printed = run_shown(&api, &page).await;
        let place = format!("{name}.md: {printed}");
        assert!(printed.trim_end().ends_with(status), "{place}");
        for field in said {
            assert!(printed.contains(&format!("\"{field}\"")), "{place}");
            assert!(page.contains(field), "{place}");
        }
        // Whole answers that the page quotes are what it gets.
        let (_, check) = page.split_once("## Check").unwrap();
        let quoted = check
            .split('`')
            .filter(|span| span.starts_with('{') && span.ends_with('}'));
        for answer in quoted {
            assert!(printed.contains(answer), "{answer} is not in {place}");
        }
        if name == "urbania" {
            let again = run_shown(&api, &page).await;
            assert!(again.trim_end().ends_with("200"), "{again}");
        }
        shown += 1;
    }
    let pages = fs::read_dir(&root).unwrap().count();
    assert_eq!(pages, shown + 1, "each page but README.md shows requests");
}
