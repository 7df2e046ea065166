//! What there is to read about the checks.

use std::fs;
use std::path::Path;

use urbania::doctor::{CHECKS, pages};

use crate::config::Folder;

#[test]
fn the_pages_of_docs_are_those_of_the_checks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor");
    let mut there: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut wanted: Vec<String> = pages().into_iter().map(|(name, _)| name).collect();
    there.sort();
    wanted.sort();
    let way = "`urbania doctor --pages docs/doctor` writes them";
    assert_eq!(there, wanted, "{way}");
    for (name, text) in pages() {
        let path = folder.join(&name);
        assert_eq!(fs::read_to_string(path).unwrap(), text, "{name}: {way}");
    }
}

#[test]
fn every_check_explains_itself_anywhere() {
    let folder = Folder::with(&[]);
    for check in CHECKS {
        let about = check.about();
        let run = folder.run(&["doctor", "--explain", about.code]).expect(0);
        assert!(
            run.stdout
                .starts_with(&format!("{}: {}\n", about.code, about.title))
        );
        let run = folder
            .run(&["doctor", "--explain", about.code, "-o", "json"])
            .expect(0);
        let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(answer["code"], about.code);
        assert_eq!(answer["fix"], about.fix);
    }
}

#[test]
fn a_code_that_is_none_is_told_the_nearest() {
    let folder = Folder::with(&[]);
    let run = folder.run(&["doctor", "--explain", "port.held"]).expect(2);
    assert_eq!(
        run.stderr,
        "error: no check has the code `port.held`\nhint: did you mean `ports.held`?\n"
    );
    let run = folder.run(&["doctor", "--only", "harbours"]).expect(2);
    assert!(
        run.stderr.contains("the groups are ports, keys, "),
        "{}",
        run.stderr
    );
}
