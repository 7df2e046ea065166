//! `/openapi.json` says what the router serves, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Map, Value};

use crate::support::api::Api;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What the page and the description are served under themselves.
const OWN: [&str; 4] = ["/openapi.json", "/docs", "/docs/api.css", "/docs/api.js"];

async fn description(api: &Api) -> Value {
    let answer = api.request("GET", "/openapi.json").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    answer.json().await.unwrap()
}

/// Every operation: path, method, what is said of it.
fn operations(description: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = description["paths"].as_object().unwrap();
    let mut operations: Vec<_> = (paths.iter())
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.iter()
                .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect();
    assert!(
        operations
            .iter()
            .all(|(_, method, _)| METHODS.contains(method))
    );
    operations.sort_by_key(|(path, method, _)| (*path, METHODS.iter().position(|m| m == method)));
    operations
}

/// A path with something in the place of its parameters.
fn filled(path: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn the_operations_and_their_answers() {
    let api = Api::start_with(|config| config.dev = true).await;
    let mut list = String::new();
    for (path, method, operation) in operations(&description(&api).await) {
        let answers: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        let answers = answers
            .iter()
            .map(|a| a.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let who = match operation.get("security") {
            None => "public".into(),
            Some(list) => list[0].as_object().unwrap().keys().next().unwrap().clone(),
        };
        writeln!(list, "{} {path}: {who}, {answers}", method.to_uppercase()).unwrap();
    }
    insta::assert_snapshot!(list);
}

#[tokio::test]
async fn every_operation_is_served_and_every_route_is_described() {
    let api = Api::start_with(|config| config.dev = true).await;
    let description = description(&api).await;
    let operations = operations(&description);
    for (path, method, _) in &operations {
        let answer = api.request(&method.to_uppercase(), &filled(path));
        let status = answer.send().await.unwrap().status();
        assert!(
            !matches!(status.as_u16(), 404 | 405),
            "{method} {path}: {status}"
        );
    }
    // A method that nobody has is answered with those that the path has.
    let paths: BTreeSet<_> = operations.iter().map(|(path, ..)| *path).collect();
    for path in &paths {
        let answer = api.request("BREW", &filled(path)).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
        let allow = answer.headers()["allow"].to_str().unwrap().to_lowercase();
        let served: BTreeSet<_> = allow
            .split(',')
            .map(str::trim)
            .filter(|m| *m != "head")
            .collect();
        let of_path = operations.iter().filter(|(p, ..)| p == path);
        let described: BTreeSet<_> = of_path.map(|(_, method, _)| *method).collect();
        assert_eq!(served, described, "{path}");
    }
    // The router is one screen of paths.
    let router = include_str!("../../src/api/router.rs");
    let in_router: BTreeSet<_> = (router.split('"').skip(1).step_by(2))
        .filter(|text| text.starts_with('/'))
        .collect();
    assert_eq!(in_router, paths);
    for path in OWN {
        let answer = api.request("GET", path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn what_is_for_development_is_described_there_alone() {
    let api = Api::start().await;
    let description = description(&api).await;
    assert!(description["paths"].get("/api/auth/login").is_some());
    for path in [
        "/api/connection-details",
        "/api/v2/sandbox/connection-details",
    ] {
        assert!(description["paths"].get(path).is_none());
        let answer = api.request("POST", path).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_operation_has_a_name_and_a_sentence() {
    let api = Api::start_with(|config| config.dev = true).await;
    let description = description(&api).await;
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    for reference in references(&description) {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
    let declared: BTreeSet<_> = (description["tags"].as_array().unwrap().iter())
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&description) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} twice");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(summary.ends_with('.'), "{method} {path}: {summary:?}");
        for tag in operation["tags"].as_array().unwrap() {
            assert!(declared.contains(tag.as_str().unwrap()), "{tag}");
        }
    }
}

fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => {
            let inside = members.values().flat_map(references);
            inside.chain(own_reference(members)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

fn own_reference(members: &Map<String, Value>) -> Option<&str> {
    members.get("$ref")?.as_str()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_every_operation_and_loads_nothing_from_elsewhere() {
    let api = Api::start_with(|config| config.dev = true).await;
    let page = api.request("GET", "/docs").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");

    let description = description(&api).await;
    // One that two apps share is shown with both.
    let shown: usize = (operations(&description).iter())
        .map(|(_, _, operation)| operation["tags"].as_array().unwrap().len())
        .sum();
    let dom = dom(&format!("{}/docs", api.base));
    assert_eq!(dom.matches("<details").count(), shown, "{dom}");
    // Words are searched for in all that is said of an operation; a link opens one of them.
    let found = self::dom(&format!("{}/docs?find=kraken+token#token", api.base));
    assert_eq!(found.matches("<details").count(), 2, "{found}");
    assert!(found.contains(r#"<details id="token" open="">"#), "{found}");
}

/// What Chromium makes of a page when its scripts have run.
fn dom(url: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
        ])
        // Time as the page sees it: it runs on while nothing is being fetched.
        .args(["--virtual-time-budget=10000", "--no-proxy-server"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .output()
        .expect("Chromium is installed; scripts/setup installs it");
    String::from_utf8(output.stdout).unwrap()
}
