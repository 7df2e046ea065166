//! Key pairs that are not everybody's, held against files, processes and the SFU that runs.

use serde_json::Value;

use super::backends::start;
use super::{check, doctor, finding, findings};
use crate::config::Folder;
use crate::support::project::{Run, TestProject};

/// A secret that is nobody's.
pub const OTHER: &str = "ffffffffffeeeeeeeeeeddddddddddcc";

/// Names `backend/.env` as a backend's, with this text.
fn backend(project: &TestProject, text: &str) {
    project.settings("backends: [backend/.env]\n");
    std::fs::create_dir_all(project.path("backend")).unwrap();
    project.write("backend/.env", text);
}

/// Key and secret of the pair in use.
pub fn pair(project: &TestProject) -> (String, String) {
    let env = project.read(".env");
    let of = |name: &str| {
        let line = env.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim_start_matches('=').to_owned()
    };
    (of("LIVEKIT_API_KEY"), of("LIVEKIT_API_SECRET"))
}

/// What an env file with a pair has.
pub fn lines(key: &str, secret: &str) -> String {
    format!("LIVEKIT_API_KEY={key}\nLIVEKIT_API_SECRET={secret}\n")
}

#[test]
fn a_backend_with_another_secret_is_named_and_mended() {
    let project = TestProject::initialised();
    let (key, secret) = pair(&project);
    backend(&project, &lines(&key, OTHER));
    let run = doctor(&project, "keys").expect(3);
    let found = finding(&run, "keys.backend-differs");
    assert_eq!(
        found["message"],
        format!("backend/.env:2: LIVEKIT_API_SECRET is not the secret of `{key}` in livekit.yaml")
    );
    assert_eq!(found["fix"][0], "urbania keys sync");
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(OTHER) && !text.contains(&secret));
    }
    assert!(
        run.stderr
            .ends_with("hint: urbania doctor --fix   mends what can be mended, after asking\n")
    );

    let fixed = project
        .run(&["doctor", "--only", "keys", "--fix", "--yes"])
        .expect(0);
    let plan =
        "this will be done:\n  1. write the pair in use into the env files (urbania keys sync)\n";
    assert!(fixed.stderr.starts_with(plan), "{}", fixed.stderr);
    assert_eq!(project.read("backend/.env"), lines(&key, &secret));
    assert_eq!(
        findings(&doctor(&project, "keys").expect(0), "keys.backend-differs"),
        []
    );
}

#[test]
fn the_env_file_that_wins_over_the_right_one_is_named() {
    let project = TestProject::initialised();
    assert_eq!(
        findings(&doctor(&project, "keys").expect(0), "keys.precedence"),
        []
    );
    project.write(
        ".env.local",
        &format!("# mine\nLIVEKIT_API_SECRET={OTHER}\n"),
    );
    let run = doctor(&project, "keys").expect(3);
    let found = finding(&run, "keys.precedence");
    assert_eq!(
        found["message"],
        "in development and production the env files that win hold no pair: \
         the secret is not that of the key"
    );
    let evidence = found["evidence"].as_array().unwrap();
    assert!(
        evidence[0]
            .as_str()
            .unwrap()
            .starts_with("LIVEKIT_API_KEY comes from .env:")
    );
    assert_eq!(evidence[1], "LIVEKIT_API_SECRET comes from .env.local:2");
    assert!(!run.stdout.contains(OTHER));

    // The address of another SFU.
    project.write(".env.local", "LIVEKIT_URL=ws://192.0.2.7:7880\n");
    let found = finding(&doctor(&project, "keys").expect(0), "keys.precedence");
    assert_eq!(found["verdict"], "warning");
    let port = project.ports.livekit();
    assert_eq!(
        found["message"],
        format!(
            ".env.local:1: LIVEKIT_URL is `ws://192.0.2.7:7880`, the SFU is at `ws://localhost:{port}`"
        )
    );

    // Beside the file of a backend, which is right; and where nothing else is.
    std::fs::remove_file(project.path(".env.local")).unwrap();
    let (key, secret) = pair(&project);
    backend(&project, &lines(&key, &secret));
    project.write("backend/.env.development", &lines("APIother", OTHER));
    let run = doctor(&project, "keys").expect(3);
    let found = finding(&run, "keys.precedence");
    assert_eq!(
        found["message"],
        "backend: in development the env files that win hold no pair: the key is not in livekit.yaml"
    );
    let way = "name `backend/.env.development` under `backends:` of urbania.yaml, then `urbania keys sync`";
    assert_eq!(found["fix"][0], way);
    project.settings("backends: [backend/.env, backend/.env.development]\n");
    project.ok(&["keys", "sync"]);
    assert_eq!(
        findings(&doctor(&project, "keys").expect(0), "keys.precedence"),
        []
    );
    project.settings("backends: [backend/settings]\n");
    project.write("backend/settings", &lines(&key, &secret));
    std::fs::remove_file(project.path("backend/.env.development")).unwrap();
    project.write("backend/.env", &format!("LIVEKIT_API_KEY={key}\n"));
    let found = finding(&doctor(&project, "keys").expect(0), "keys.precedence");
    assert_eq!(found["verdict"], "warning");
    assert_eq!(
        found["message"],
        "backend: in every mode the env files that win hold no pair: one half is there alone"
    );
}

#[test]
fn half_a_pair_is_told_and_mended() {
    let project = TestProject::initialised();
    let (key, secret) = pair(&project);
    backend(&project, "LIVEKIT_URL=\n");
    let found = findings(&doctor(&project, "keys").expect(0), "keys.backend-differs");
    assert!(
        found.iter().all(|(verdict, _)| verdict == "note"),
        "{found:?}"
    );
    backend(&project, &format!("LIVEKIT_API_KEY={key}\n"));
    let found = finding(&doctor(&project, "keys").expect(0), "keys.backend-differs");
    assert_eq!(found["verdict"], "warning");
    assert_eq!(
        found["message"],
        "backend/.env: LIVEKIT_API_SECRET is not set"
    );
    project.ok(&["doctor", "--only", "keys", "--fix", "--yes"]);
    assert_eq!(project.read("backend/.env"), lines(&key, &secret));
}

/// What the SFU says of the pair that it refuses.
pub fn refused_pair(run: &Run) -> Value {
    let findings = check(run, "keys.sfu-refuses")["findings"].clone();
    let mut findings = findings.as_array().unwrap().iter();
    findings
        .find(|found| found["verdict"] == "problem")
        .unwrap()
        .clone()
}

#[test]
fn the_sfu_that_runs_is_shown_a_token_of_each_pair() {
    let project = TestProject::initialised();
    let (key, secret) = pair(&project);
    let run = doctor(&project, "keys").expect(0);
    let blind = check(&run, "keys.sfu-refuses");
    let base = format!("http://127.0.0.1:{}", project.ports.livekit());
    assert_eq!(blind["not_looked"], format!("no SFU answers at {base}"));

    project.ok(&["up", "livekit"]);
    let run = doctor(&project, "keys").expect(0);
    let taken = finding(&run, "keys.sfu-refuses");
    assert_eq!(taken["verdict"], "ok");
    let says = format!("the SFU takes tokens of `{key}` (livekit.yaml, .env)");
    assert!(
        taken["message"].as_str().unwrap().starts_with(&says),
        "{taken}"
    );

    backend(&project, &lines("APIother", OTHER));
    let run = doctor(&project, "keys").expect(3);
    let refused = refused_pair(&run);
    assert_eq!(
        refused["message"],
        format!("the SFU at {base} refuses the pair `APIother` of backend/.env")
    );
    let evidence = refused["evidence"][0].as_str().unwrap();
    assert!(evidence.contains("invalid API key"), "{evidence}");

    // A backend that runs, and a file that nobody named.
    project.settings("");
    project.write(".env.local", &lines("APIlocal", OTHER));
    let running = start(&project, &key, OTHER);
    let run = doctor(&project, "keys").expect(3);
    let of: Vec<String> = findings(&run, "keys.sfu-refuses")
        .into_iter()
        .filter(|(verdict, _)| verdict == "problem")
        .map(|(_, message)| message)
        .collect();
    assert_eq!(of.len(), 2, "{of:?}");
    let says = |pair: &str| format!("the SFU at {base} refuses the pair `{pair}` of ");
    assert_eq!(of[0], says("APIlocal") + ".env.local");
    assert!(
        of[1].starts_with(&(says(&key) + "`sleep 600` (pid ")),
        "{of:?}"
    );
    std::fs::remove_file(project.path(".env.local")).unwrap();
    drop(running);

    // The file has another secret than the SFU was started with.
    project.edit("livekit.yaml", |text| text.replace(&secret, OTHER));
    let run = doctor(&project, "keys").expect(3);
    let refused = refused_pair(&run);
    assert_eq!(
        refused["message"],
        format!("the SFU at {base} refuses the pair `{key}` of livekit.yaml")
    );
    assert_eq!(
        refused["fix"][0],
        "start the SFU with the keys that livekit.yaml has now: `urbania up`"
    );
    assert!(!run.stdout.contains(OTHER) && !run.stdout.contains(&secret));
}

/// What `doctor --only keys` says of a livekit.yaml.
fn of_keys(livekit: &str, code: &str) -> Vec<(String, String)> {
    let folder = Folder::with(&[("livekit.yaml", livekit)]);
    let run = folder.run(&["doctor", "--only", "keys", "-o", "json"]);
    assert!(run.code == Some(0) || run.code == Some(3), "{}", run.stderr);
    findings(&run, code)
}

#[test]
fn weak_secrets_are_told() {
    for (secret, says) in [
        (
            "short",
            "livekit.yaml:1:8: keys.APIone: the secret has 5 characters; LiveKit asks for 32 or more",
        ),
        (
            "12345678901234567890123456789012",
            "livekit.yaml:1:8: keys.APIone: the secret is a number; put it in quotes",
        ),
        (
            "' aaaaaaaaaabbbbbbbbbbccccccccccdd'",
            "livekit.yaml: keys.APIone: blanks or line ends around the key or its secret",
        ),
    ] {
        let found = of_keys(&format!("keys: {{APIone: {secret}}}\n"), "keys.weak-secret");
        assert_eq!(found, [("warning".to_owned(), says.to_owned())]);
    }
    let good = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";
    assert_eq!(of_keys(good, "keys.weak-secret"), []);
    assert_eq!(of_keys(good, "keys.documented"), []);
}

#[test]
fn the_documented_pair_is_a_problem_as_soon_as_others_reach_the_sfu() {
    let documented = "keys: {devkey: secret}\n";
    let found = of_keys(documented, "keys.documented");
    assert_eq!(found[0].0, "problem");
    assert!(
        found[0]
            .1
            .ends_with("is in livekit.yaml, and others reach the SFU"),
        "{found:?}"
    );
    let found = of_keys(
        &format!("{documented}bind_addresses: [127.0.0.1]\n"),
        "keys.documented",
    );
    assert_eq!(found[0].0, "note");
    assert_eq!(of_keys(documented, "keys.weak-secret"), []);
}

#[test]
fn spellings_that_docker_reads_otherwise_are_told() {
    let project = TestProject::initialised();
    assert_eq!(
        findings(&doctor(&project, "keys").expect(0), "keys.quoted"),
        []
    );
    let (key, secret) = pair(&project);
    backend(
        &project,
        &format!("export LIVEKIT_API_KEY={key}\nLIVEKIT_API_SECRET='{secret}'\n"),
    );
    let told = |text: &str| {
        let words = format!("{text}, which `docker run --env-file` does not understand");
        ("note".to_owned(), words)
    };
    assert_eq!(
        findings(&doctor(&project, "keys").expect(0), "keys.quoted"),
        [
            told("backend/.env:1: LIVEKIT_API_KEY has `export`"),
            told("backend/.env:2: LIVEKIT_API_SECRET has quotes"),
        ]
    );
    // What nobody sees, and what some loaders take for a comment.
    for (value, says) in [
        (
            format!("{secret} "),
            "a blank behind its value, which `docker run --env-file` takes for a part of it",
        ),
        (
            format!("{secret}#x"),
            "a `#` in its value, where Node's `dotenv` ends the value, and others do not",
        ),
    ] {
        backend(
            &project,
            &format!("LIVEKIT_API_KEY={key}\nLIVEKIT_API_SECRET={value}\n"),
        );
        let run = doctor(&project, "keys");
        let says = format!("backend/.env:2: LIVEKIT_API_SECRET has {says}");
        assert_eq!(findings(&run, "keys.quoted"), [("note".to_owned(), says)]);
        assert!(!run.stdout.contains(&secret));
    }
}
