//! What a rotation does to the files, where no SFU and no API run.

use serde_json::Value;

use crate::config::Folder;
use crate::support::ports::Ports;

const SECRET: &str = "aaaaaaaaaabbbbbbbbbbccccccccccdd";
const OTHER: &str = "zzzzzzzzzzbbbbbbbbbbccccccccccdd";

/// A project whose `keys` are these, at a port where nobody answers.
fn project(keys: &str) -> (Folder, Ports) {
    let ports = Ports::take();
    let env = format!("LIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET={SECRET}\n");
    let folder = Folder::with(&[
        (
            "livekit.yaml",
            &format!("port: {}\n{keys}", ports.livekit()),
        ),
        ("urbania.yaml", "backends: [shop/.env, none/.env]\n"),
        (".env", &env),
        ("shop/.env", &format!("# shop\nexport {env}SHOP=1 # ours\n")),
    ]);
    (folder, ports)
}

fn with_reserve() -> (Folder, Ports) {
    project(&format!(
        "keys:\n  # In use.\n  APIone: {SECRET}\n  # In reserve.\n  APItwo: {OTHER} # fresh\n  APIrecorder: {SECRET}\n"
    ))
}

fn json(folder: &Folder, args: &[&str]) -> Value {
    serde_json::from_str(&folder.run(args).expect(0).stdout).unwrap()
}

#[test]
fn a_rotation_moves_every_file_and_says_until_when_old_tokens_are_good() {
    let (folder, _ports) = with_reserve();
    let before = folder.read("livekit.yaml");
    let dry = folder.run(&["keys", "rotate", "--dry-run"]).expect(0);
    assert_eq!(
        dry.stdout,
        "would move the API and the env files to the pair in reserve\n"
    );
    assert_eq!(folder.read("livekit.yaml"), before);
    let run = folder.run(&["keys", "rotate"]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "livekit.yaml: `APItwo` is in use, `APIone` retires",
            ".env: set LIVEKIT_API_KEY APIone → APItwo",
            ".env: set LIVEKIT_API_SECRET",
            "shop/.env: set LIVEKIT_API_KEY APIone → APItwo",
            "shop/.env: set LIVEKIT_API_SECRET",
        ]
    );
    assert!(
        lines[5].starts_with("tokens of `APIone` are good until 2"),
        "{lines:?}"
    );
    let after = folder.read("livekit.yaml");
    let mark = after
        .lines()
        .find(|line| line.contains("Retiring"))
        .unwrap();
    assert_eq!(
        after,
        before
            .replace(&format!("  APIone: {SECRET}\n"), "<old>")
            .replace(
                &format!("  APItwo: {OTHER} # fresh\n"),
                &format!("  APIone: {SECRET}\n")
            )
            .replace("<old>", &format!("  APItwo: {OTHER} # fresh\n"))
            .replace("  # In reserve.", mark)
    );
    assert_eq!(
        folder.read("shop/.env"),
        format!(
            "# shop\nexport LIVEKIT_API_KEY=APItwo\nLIVEKIT_API_SECRET={OTHER}\nSHOP=1 # ours\n"
        )
    );
    for file in ["livekit.yaml", ".env", "shop/.env"] {
        assert_eq!(folder.mode(file), 0o600, "{file}");
    }
    assert!(!run.stdout.contains(OTHER) && !run.stderr.contains(OTHER));

    let status = json(&folder, &["keys", "rotate", "--status", "-o", "json"]);
    assert_eq!(status["stage"], "overlap");
    assert_eq!(status["in_use"]["key"], "APItwo");
    assert_eq!(status["retiring"]["role"], "retiring");
    assert_eq!(status["sfu"]["state"], "silent");
    let table = folder.run(&["keys", "rotate", "--status"]).expect(0).stdout;
    assert!(
        table.contains("pair APIone       retires, good until 2"),
        "{table}"
    );

    let again = folder.run(&["keys", "rotate"]).expect(1);
    assert!(
        again.stderr.starts_with(
            "error: the rotation before is not over: tokens of `APIone` are good until "
        ),
        "{}",
        again.stderr
    );
    let finish = folder.run(&["keys", "rotate", "--finish"]).expect(0);
    assert!(
        finish
            .stderr
            .starts_with("not yet: tokens of `APIone` are good until ")
    );
    assert_eq!(folder.read("livekit.yaml"), after);

    let asked = folder.run(&["keys", "rotate", "--now"]).expect(2);
    assert_eq!(
        asked.stderr,
        "error: tokens of `APIone` are refused from then on, and nobody is here to be asked\n\
         hint: --yes goes on without asking\n"
    );
    let now = json(&folder, &["keys", "rotate", "--now", "--yes", "-o", "json"]);
    assert_eq!(now["steps"], serde_json::json!(["retire"]));
    assert_eq!(now["status"]["stage"], "ready");
    let text = folder.read("livekit.yaml");
    assert!(!text.contains("APIone") && text.contains(&format!("APIrecorder: {SECRET}")));
    assert!(text.contains("  # In reserve.\n  API"), "{text}");
}

#[test]
fn somebody_elses_pair_gets_one_beside_it_with_consent_alone() {
    let (folder, _ports) = project(&format!("keys: {{APIone: {SECRET}}} # mine\n"));
    let before = folder.read("livekit.yaml");
    let asked = folder.run(&["keys", "rotate"]).expect(2);
    assert_eq!(
        asked.stderr,
        "error: livekit.yaml has no pair in reserve and gets one, and nobody is here to be asked\n\
         hint: --yes goes on without asking\n"
    );
    assert_eq!(folder.read("livekit.yaml"), before);
    let run = folder.run(&["keys", "rotate", "--yes"]).expect(0);
    assert!(
        run.stdout.contains("` is in use, `APIone` retires\n"),
        "{}",
        run.stdout
    );
    let text = folder.read("livekit.yaml");
    assert!(text.contains("keys: # mine\n  # In use.\n  API"), "{text}");
    assert_eq!(folder.mode("livekit.yaml"), 0o600);
}

#[test]
fn pairs_that_everybody_knows_are_not_moved_on_to() {
    let (folder, _ports) = project("");
    let text = include_str!("../../../livekit.yaml").replace("7880", "47880");
    folder.write("livekit.yaml", &text);
    let dry = folder.run(&["keys", "rotate", "--dry-run"]).expect(0);
    assert!(
        dry.stdout
            .starts_with("would write a pair in reserve into livekit.yaml\n")
    );
    let _ = folder.run(&["keys", "rotate", "--yes"]).expect(0);
    assert!(!folder.read("livekit.yaml").contains("devkey-reserve"));
}

#[test]
fn a_pair_of_the_environment_is_told_and_not_fought_with() {
    let (folder, _ports) = with_reserve();
    let env = [("LIVEKIT_API_KEY", "APIone")];
    let run = folder.run_with(&env, &["keys", "rotate"]).expect(2);
    assert_eq!(
        run.stderr,
        "error: `LIVEKIT_API_KEY` of the environment beats the files, so nothing would change\n\
         hint: unset LIVEKIT_API_KEY\n"
    );
}

#[test]
fn what_an_interrupted_rotation_left_is_told_and_finished() {
    let (folder, _ports) = with_reserve();
    let text = folder.read("livekit.yaml").replace(
        &format!("  APIone: {SECRET}\n  # In reserve.\n  APItwo: {OTHER} # fresh\n"),
        &format!("  APItwo: {OTHER}\n  # Retiring: the API and the env files are moving on.\n  APIone: {SECRET}\n"),
    );
    folder.write("livekit.yaml", &text);
    folder.write("shop/..env.17.tmp", OTHER);
    let run = folder.run(&["config", "validate"]).expect(0);
    assert!(
        run.stderr
            .contains("a rotation was interrupted: `urbania keys rotate --finish`"),
        "{}",
        run.stderr
    );
    let run = folder.run(&["keys", "rotate", "--finish"]).expect(0);
    assert!(
        run.stdout.contains("shop/.env: set LIVEKIT_API_SECRET\n"),
        "{}",
        run.stdout
    );
    assert!(folder.read("shop/.env").contains(OTHER));
    assert!(!folder.path().join("shop/..env.17.tmp").exists());
    let status = json(&folder, &["keys", "rotate", "--status", "-o", "json"]);
    assert_eq!(status["stage"], "overlap");
}
