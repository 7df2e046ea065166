//! `urbania init`.

use crate::config::Folder;
use crate::support::ports::Ports;

/// The value of a variable in an env file.
fn value<'a>(env: &'a str, name: &str) -> &'a str {
    let line = env.lines().find(|l| l.starts_with(&format!("{name}=")));
    line.unwrap().split_once('=').unwrap().1
}

/// Moves the SFU to a port where nobody answers.
fn move_away(folder: &Folder, project: &str) -> Ports {
    let ports = Ports::take();
    for file in ["livekit.yaml", ".env"] {
        let file = format!("{project}/{file}");
        let moved = folder
            .read(&file)
            .replace("7880", &ports.livekit().to_string());
        folder.write(&file, &moved);
    }
    ports
}

#[test]
fn a_new_project_has_its_files_with_private_modes_and_validates() {
    let folder = Folder::with(&[]);
    let run = folder.run(&["init", "demo"]).expect(0);
    assert_eq!(
        run.stdout,
        "created  urbania.yaml\ncreated  livekit.yaml\ncreated  .env\ncreated  .gitignore\n"
    );
    assert_eq!(run.stderr, "next: cd demo && urbania up\n");
    assert_eq!(folder.mode("demo/livekit.yaml"), 0o600);
    assert_eq!(folder.mode("demo/.env"), 0o600);
    let run = folder
        .run(&["--project", "demo", "config", "validate"])
        .expect(0);
    assert_eq!(run.stdout, "ok urbania.yaml\nok livekit.yaml\nok .env\n");
    assert_eq!(run.stderr, "");
    let _ports = move_away(&folder, "demo");
    let _ = folder
        .run(&["--project", "demo", "keys", "check"])
        .expect(0);
}

#[test]
fn two_projects_never_share_a_secret() {
    let folder = Folder::with(&[]);
    let _ = folder.run(&["init", "a"]).expect(0);
    let _ = folder.run(&["init", "b"]).expect(0);
    let (a, b) = (folder.read("a/.env"), folder.read("b/.env"));
    for name in [
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
        "MONGODB_URI",
        "URBANIA_SESSION_SECRET",
    ] {
        assert_ne!(value(&a, name), value(&b, name), "{name}");
    }
}

#[test]
fn files_that_exist_are_named_and_left_alone() {
    let folder = Folder::with(&[("livekit.yaml", "mine"), (".env", "MINE=1")]);
    let run = folder.run(&["init"]).expect(2);
    assert!(
        run.stderr
            .contains("has livekit.yaml, .env already; nothing was written\n"),
        "{}",
        run.stderr
    );
    assert_eq!(folder.read("livekit.yaml"), "mine");
    assert_eq!(folder.read(".env"), "MINE=1");
    assert!(!folder.path().join("urbania.yaml").exists());
    assert!(!folder.path().join(".gitignore").exists());
}

#[test]
fn force_makes_a_new_pair_and_keeps_what_the_data_knows() {
    let folder = Folder::with(&[(".gitignore", "node_modules")]);
    let _ = folder.run(&["init"]).expect(0);
    let before = format!("# mine\nMINE=1\n{}", folder.read(".env"));
    folder.write(".env", &before);
    let run = folder.run(&["init", "--force"]).expect(0);
    assert_eq!(
        run.stdout,
        "kept     urbania.yaml\nreplaced livekit.yaml\nchanged  .env\nkept     .gitignore\n"
    );
    assert_eq!(
        run.stderr,
        "MONGODB_URI, URBANIA_SESSION_SECRET of .env stay: the data knows them\nnext: urbania up\n"
    );
    let after = folder.read(".env");
    assert!(after.starts_with("# mine\nMINE=1\n"));
    assert_eq!(value(&before, "MONGODB_URI"), value(&after, "MONGODB_URI"));
    assert_ne!(
        value(&before, "LIVEKIT_API_KEY"),
        value(&after, "LIVEKIT_API_KEY")
    );
    assert_eq!(
        folder.read(".gitignore"),
        "node_modules\n.env\nlivekit.yaml\n.urbania/\n"
    );
    let _ports = move_away(&folder, ".");
    let _ = folder.run(&["keys", "check"]).expect(0);
}

#[test]
fn missing_files_are_added_to_a_livekit_yaml_that_is_there() {
    let yaml = "port: 7000\nkeys: {APImine: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";
    let folder = Folder::with(&[("livekit.yaml", yaml)]);
    let _ = folder.run(&["init", "--missing"]).expect(0);
    assert_eq!(folder.read("livekit.yaml"), yaml);
    let env = folder.read(".env");
    assert_eq!(value(&env, "LIVEKIT_API_KEY"), "APImine");
    assert_eq!(value(&env, "LIVEKIT_URL"), "ws://localhost:7000");
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing_half_done() {
    let folder = Folder::with(&[(".gitignore/in-the-way", "")]);
    let run = folder.run(&["init"]).expect(1);
    assert!(run.stderr.contains(".gitignore`"), "{}", run.stderr);
    assert!(!folder.path().join("livekit.yaml").exists());
}

#[test]
fn a_name_that_containers_cannot_have_is_refused() {
    let run = Folder::with(&[])
        .run(&["init", "--name", "My App"])
        .expect(2);
    assert_eq!(
        run.stderr,
        "error: `My App` is not a project name\n\
         hint: lower-case letters, digits, `-` and `_`, a letter or digit first\n"
    );
}

#[test]
fn the_result_as_json_names_files_and_key_but_no_secret() {
    let folder = Folder::with(&[]);
    let run = folder.run(&["init", "-o", "json"]).expect(0);
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["files"][1]["file"], "livekit.yaml");
    assert_eq!(result["files"][1]["action"], "created");
    let secret = value(&folder.read(".env"), "LIVEKIT_API_SECRET").to_owned();
    assert!(!run.stdout.contains(&secret));
}
