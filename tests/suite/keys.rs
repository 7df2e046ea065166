//! `urbania keys`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::config::Folder;

const SECRET: &str = "aaaaaaaaaabbbbbbbbbbccccccccccdd";
const OTHER: &str = "zzzzzzzzzzbbbbbbbbbbccccccccccdd";

fn project(backend: &str) -> Folder {
    Folder::with(&[
        (
            "livekit.yaml",
            &format!("port: 47880\nkeys: {{APIone: {SECRET}, APItwo: {OTHER}}}\n"),
        ),
        ("urbania.yaml", "backends: [../none/.env, backend/.env]\n"),
        (
            ".env",
            &format!("LIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET={SECRET}\n"),
        ),
        ("backend/.env", backend),
    ])
}

#[test]
fn keys_are_shown_by_fingerprint() {
    let folder = project("");
    let run = folder.run(&["keys", "show"]).expect(0);
    assert_eq!(
        run.stdout,
        "KEY     FINGERPRINT   USE\nAPIone  9fbcd56c9a08  in use\nAPItwo  28934b3e37e7  -\n"
    );
    assert!(
        folder
            .run(&["keys", "show", "--reveal"])
            .expect(0)
            .stdout
            .contains(SECRET)
    );
    let json = folder.run(&["keys", "show", "-o", "json"]).expect(0).stdout;
    assert!(json.contains("\"in_use\": true") && !json.contains(SECRET));
}

#[test]
fn every_difference_is_told_with_the_line_that_wins() {
    let folder = project(&format!(
        "# backend\nLIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET={SECRET}\nexport LIVEKIT_API_KEY='APIold' # why\n\
         LIVEKIT_API_SECRET=\"{OTHER}\"\nLIVEKIT_WS_URL=ws://127.0.0.1:47880/\nLIVEKIT_SERVER_URL=http://localhost:7880\n"
    ));
    let run = folder.run(&["keys", "check"]).expect(3);
    assert_eq!(
        run.stdout,
        "differs ../none/.env: no such folder\n\
         differs backend/.env:4: LIVEKIT_API_KEY is `APIold`, livekit.yaml has `APIone` (this line wins over line 2)\n\
         differs backend/.env:5: LIVEKIT_API_SECRET is not the secret of `APIone` in livekit.yaml (this line wins over line 3)\n\
         differs backend/.env:7: LIVEKIT_SERVER_URL is `http://localhost:7880`, the SFU is at `http://localhost:47880`\n"
    );
    assert_eq!(
        run.stderr,
        "no SFU answers at http://127.0.0.1:47880: compared, not proven\n\
         error: 4 differences between env files and livekit.yaml\n\
         hint: make the folder of `../none/.env`, or take it out of `backends:` in urbania.yaml\n\
         hint: `urbania keys sync` writes the pair in use into the env files\n"
    );
}

#[test]
fn a_missing_variable_and_the_environment_are_told_too() {
    let folder = project("LIVEKIT_API_KEY=\n");
    let env = [("LIVEKIT_API_SECRET", OTHER)];
    let run = folder.run_with(&env, &["keys", "check"]).expect(3);
    assert_eq!(
        run.stdout,
        "differs ../none/.env: no such folder\n\
         differs backend/.env:1: LIVEKIT_API_KEY is not set\n\
         differs backend/.env: LIVEKIT_API_SECRET is not set\n\
         differs the environment, which beats env files: LIVEKIT_API_SECRET is not the secret of `APIone` in livekit.yaml\n"
    );
}

#[test]
fn a_secret_in_the_place_of_the_key_is_not_quoted() {
    let folder = project(&format!(
        "LIVEKIT_API_KEY={SECRET}\nLIVEKIT_API_SECRET=APIone\n"
    ));
    let check = folder.run(&["keys", "check"]).expect(3);
    let sync = folder.run(&["keys", "sync"]).expect(3);
    for said in [check.stdout, check.stderr, sync.stdout, sync.stderr] {
        assert!(!said.contains(SECRET), "{said}");
    }
}

#[test]
fn sync_changes_values_alone_and_says_what_it_changed() {
    let backend = format!(
        "# keep me\r\nexport LIVEKIT_API_KEY='APIold' # why\r\nOTHER=1\r\nLIVEKIT_API_SECRET=\"{OTHER}\"\r\nNEXT_PUBLIC_LIVEKIT_URL=wss://old.example.com"
    );
    let folder = project(&backend);
    let lines = "backend/.env: set LIVEKIT_API_KEY APIold → APIone\n\
                 backend/.env: set LIVEKIT_API_SECRET\n\
                 backend/.env: set NEXT_PUBLIC_LIVEKIT_URL wss://old.example.com → ws://localhost:47880\n";
    let dry = folder.run(&["keys", "sync", "--dry-run"]).expect(3);
    assert!(
        dry.stdout.ends_with(&lines.replace(": set", ": would set")),
        "{}",
        dry.stdout
    );
    assert_eq!(folder.read("backend/.env"), backend);
    let everybodys = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("backend/.env"), everybodys).unwrap();
    let run = folder.run(&["keys", "sync"]).expect(3);
    assert!(run.stdout.ends_with(lines), "{}", run.stdout);
    assert_eq!(
        run.stderr,
        "../none/.env: no such folder\n\
         error: 1 difference is not for `urbania keys sync` to put right\n\
         hint: make the folder of `../none/.env`, or take it out of `backends:` in urbania.yaml\n"
    );
    assert_eq!(
        folder.read("backend/.env"),
        backend
            .replace("APIold", "APIone")
            .replace(OTHER, SECRET)
            .replace("wss://old.example.com", "ws://localhost:47880")
    );
    assert_eq!(folder.mode("backend/.env"), 0o640);
    let again = folder.run(&["keys", "sync"]).expect(3);
    assert_eq!(again.stdout, "");
}

#[test]
fn an_env_file_that_is_missing_is_made_and_everybody_agrees() {
    let folder = project("");
    folder.write("urbania.yaml", "backends: [backend/new.env]\n");
    let check = folder.run(&["keys", "check"]).expect(3);
    assert_eq!(check.stdout, "differs backend/new.env: no such file\n");
    let hint = "hint: `urbania keys sync` writes the pair in use into the env files\n";
    assert!(check.stderr.ends_with(hint), "{}", check.stderr);
    let doctor = |code: i32| {
        folder
            .run(&["doctor", "--only", "keys"])
            .expect(code)
            .stdout
    };
    let told = doctor(0);
    assert!(
        told.contains("warning  backend/new.env: no such file"),
        "{told}"
    );
    assert!(told.contains("fix: urbania keys sync"), "{told}");

    let run = folder.run(&["keys", "sync"]).expect(0);
    assert_eq!(
        run.stdout,
        ".env: set LIVEKIT_URL ws://localhost:47880\n\
         backend/new.env: set LIVEKIT_API_KEY APIone\n\
         backend/new.env: set LIVEKIT_API_SECRET\n\
         backend/new.env: set LIVEKIT_URL ws://localhost:47880\n"
    );
    assert_eq!(
        folder.read("backend/new.env"),
        format!(
            "LIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET={SECRET}\nLIVEKIT_URL=ws://localhost:47880\n"
        )
    );
    assert_eq!(folder.mode("backend/new.env"), 0o600);
    let _ = folder.run(&["keys", "check"]).expect(0);
    assert!(!doctor(0).contains("keys.backend-differs"));
    let again = folder.run(&["keys", "sync"]).expect(0);
    assert_eq!(
        (again.stdout.as_str(), again.stderr.as_str()),
        ("", "nothing to change\n")
    );
}

#[test]
fn what_sync_cannot_put_right_is_told_and_not_called_done() {
    let folder = project("");
    folder.write("urbania.yaml", "");
    let _ = folder.run(&["keys", "sync"]).expect(0);
    let env = [("LIVEKIT_API_SECRET", OTHER)];
    let run = folder.run_with(&env, &["keys", "sync"]).expect(3);
    assert_eq!(
        run.stderr,
        "the environment, which beats env files: LIVEKIT_API_SECRET is not the secret of `APIone` in livekit.yaml\n\
         error: 1 difference is not for `urbania keys sync` to put right\n\
         hint: unset LIVEKIT_API_SECRET\n"
    );
}

#[test]
fn every_spelling_of_the_address_is_compared_and_mended_in_its_own_scheme() {
    for name in [
        "LIVEKIT_URL",
        "LIVEKIT_WS_URL",
        "LIVEKIT_SERVER_URL",
        "NEXT_PUBLIC_LIVEKIT_URL",
        "VITE_LIVEKIT_URL",
        "REACT_APP_LIVEKIT_URL",
        "EXPO_PUBLIC_LIVEKIT_URL",
    ] {
        let pair = format!("LIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET={SECRET}\n");
        let folder = project(&format!("{pair}{name}=\"wss://old.example.org\"\n"));
        let differs = format!(
            "differs backend/.env:3: {name} is `wss://old.example.org`, the SFU is at `ws://localhost:47880`\n"
        );
        let run = folder.run(&["keys", "check"]).expect(3);
        assert!(run.stdout.contains(&differs), "{}", run.stdout);
        let _ = folder.run(&["keys", "sync"]).expect(3);
        let env = folder.read("backend/.env");
        assert_eq!(env, format!("{pair}{name}=\"ws://localhost:47880\"\n"));

        folder.write(
            "backend/.env",
            &format!("{pair}{name}=http://10.0.0.1:7880"),
        );
        let _ = folder.run(&["keys", "sync"]).expect(3);
        let env = folder.read("backend/.env");
        assert_eq!(env, format!("{pair}{name}=http://localhost:47880"));
        let run = folder.run(&["keys", "check"]).expect(3);
        assert!(!run.stdout.contains(name), "{}", run.stdout);
    }
}

/// Answers like an SFU that is ready and takes tokens of `key` alone; the port.
fn sfu_that_knows(key: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head: Vec<String> = BufReader::new(&stream)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let bearer = head.iter().find_map(|line| line.split_once("Bearer "));
            let claims = bearer.and_then(|(_, token)| token.split('.').nth(1));
            let claims = claims.map(|c| BASE64_URL_SAFE_NO_PAD.decode(c).unwrap());
            let issuer =
                claims.map(|c| serde_json::from_slice::<Value>(&c).unwrap()["iss"].clone());
            let (status, body) = match issuer {
                Some(issuer) if issuer != key => ("401 Unauthorized", "invalid API key"),
                _ => ("200 OK", "OK"),
            };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    port
}

#[test]
fn every_pair_is_proven_against_the_sfu_that_answers() {
    let port = sfu_that_knows("APIone");
    let folder = Folder::with(&[
        (
            ".env",
            &format!("LIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET={SECRET}\n"),
        ),
        (
            "livekit.yaml",
            &format!("port: {port}\nkeys: {{APIone: {SECRET}, APItwo: {OTHER}}}\n"),
        ),
    ]);
    let run = folder.run(&["keys", "check"]).expect(3);
    assert_eq!(
        run.stdout,
        format!(
            "ok every env file has the pair of `APIone` (9fbcd56c9a08)\n\
             ok the SFU at http://127.0.0.1:{port} takes tokens of `APIone`\n\
             refused `APItwo`: it refuses a token of this key pair: invalid API key\n"
        )
    );
    assert_eq!(
        run.stderr,
        format!(
            "error: the SFU at http://127.0.0.1:{port} refuses a pair of livekit.yaml\n\
             hint: `urbania up` starts the SFU again with the keys that livekit.yaml has now\n\
             hint: `urbania ports` tells whether it is this project's SFU that answers\n"
        )
    );
}
