//! docs/json.md names every field that the commands print.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::config::Folder;

/// The first block of each section, by the commands in its heading.
fn documented() -> BTreeMap<String, Value> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
    let page = fs::read_to_string(page).unwrap();
    let mut documented = BTreeMap::new();
    for section in page.split("\n## ").skip(1) {
        let (heading, text) = section.split_once('\n').unwrap();
        let Some((_, rest)) = text.split_once("```json\n") else {
            panic!("`{heading}` shows nothing");
        };
        let (block, _) = rest.split_once("```").unwrap();
        let shape: Value =
            serde_json::from_str(block).unwrap_or_else(|e| panic!("{heading}: {e}\n{block}"));
        for command in heading.split('`').skip(1).step_by(2) {
            documented.insert(command.to_owned(), shape.clone());
        }
    }
    documented
}

/// What a command prints that the page does not have.
pub fn undocumented(command: &str, printed: &Value) -> Vec<String> {
    let documented = documented();
    let shape = documented.get(command);
    let shape = shape.unwrap_or_else(|| panic!("{command} has no section"));
    let mut found = Vec::new();
    missing(command, printed, shape, &mut found);
    found
}

/// All that the elements of a list have.
fn all_of(list: &[Value]) -> Value {
    let maps = list.iter().filter_map(Value::as_object);
    let all: Map<_, _> = maps
        .flatten()
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    Value::Object(all)
}

/// The fields of `printed` that `shape` does not have.
fn missing(place: &str, printed: &Value, shape: &Value, found: &mut Vec<String>) {
    match (printed, shape) {
        (Value::Object(printed), Value::Object(shape)) => {
            for (name, value) in printed {
                let place = format!("{place}.{name}");
                match shape.get(name) {
                    // What is in there is another program's.
                    _ if ["effective", "claims"].contains(&name.as_str()) => {}
                    Some(shape) => missing(&place, value, shape, found),
                    None => found.push(place),
                }
            }
        }
        (Value::Array(printed), Value::Array(shape)) => {
            let shape = all_of(shape);
            for value in printed.iter().filter(|value| value.is_object()) {
                missing(&format!("{place}[]"), value, &shape, found);
            }
        }
        (Value::Object(_), _) => found.push(place.to_owned()),
        _ => {}
    }
}

#[test]
fn every_field_that_is_printed_is_documented() {
    let folder = Folder::with(&[("shop.env", "LIVEKIT_API_KEY=APIold\n")]);
    let documented = documented();
    let mut found = Vec::new();
    let mut shows = |command: &str, more: &[&str]| {
        let words = command.split(' ').skip(1);
        let args: Vec<_> = words
            .chain(more.iter().copied())
            .chain(["-o", "json"])
            .collect();
        let run = folder.run(&args);
        let printed: Value = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|e| panic!("{command}: {e}\n{}{}", run.stdout, run.stderr));
        let shape = documented.get(command);
        let shape = shape.unwrap_or_else(|| panic!("{command} has no section"));
        missing(command, &printed, shape, &mut found);
        printed
    };
    shows("urbania init", &["--name", "demo"]);
    folder.write(
        "urbania.yaml",
        "services: {mongodb: {enabled: false}}\nbackends: [shop.env]\n",
    );
    folder.write("seed.yaml", "users: [{name: grace}]\n");
    shows("urbania keys show", &[]);
    shows("urbania keys check", &[]);
    shows("urbania keys sync", &["--dry-run"]);
    shows("urbania ports", &[]);
    let token = shows("urbania token create", &["--room", "r", "--identity", "i"]);
    let token = token["token"].as_str().unwrap();
    shows("urbania token inspect", &[token]);
    shows("urbania user", &["add", "ada"]);
    shows("urbania seed", &["seed.yaml"]);
    shows("urbania config show", &[]);
    shows("urbania config validate", &[]);
    shows("urbania doctor", &["--only", "config"]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_field_that_nobody_documented_is_noticed() {
    let shape = json!({"a": [{"b": 1}, {"c": null}]});
    let mut found = Vec::new();
    let printed = json!({"a": [{"b": 2, "c": {"x": 1}}, {"d": 3}], "e": 4});
    missing("it", &printed, &shape, &mut found);
    assert_eq!(found, ["it.a[].c", "it.a[].d", "it.e"]);
}
