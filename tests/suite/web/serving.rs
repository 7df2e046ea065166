//! Pages and files as any HTTP client gets them.

use std::io::Read as _;

use flate2::read::GzDecoder;
use reqwest::Response;
use urbania::api::Reach;
use urbania::config::LivekitConfig;

use crate::support::api::{Api, line};

const PAGES: [&str; 6] = [
    "/",
    "/login",
    "/meeting/pre-join",
    "/meeting/invite?room=daily",
    "/meeting/room?room=daily",
    "/lab",
];

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

async fn get(api: &Api, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = api.request("GET", path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.unwrap()
}

/// The names of the files that the page loads.
async fn files(api: &Api) -> Vec<String> {
    let page = get(api, "/", &[]).await.text().await.unwrap();
    let quoted = page.split('"').filter(|part| part.starts_with("/assets/"));
    let files: Vec<_> = quoted.map(ToOwned::to_owned).collect();
    assert!(files.len() > 2, "{page}");
    files
}

#[tokio::test]
async fn every_page_is_the_client_and_confines_itself() {
    let api = Api::start_with(|config| {
        let url = "wss://sfu.example.com/way".to_owned();
        config.reach = Reach::new(Some(url), &LivekitConfig::default());
    })
    .await;
    let mut etags = Vec::new();
    for path in PAGES {
        let page = get(&api, path, &[]).await;
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&page, "cache-control"), "no-cache");
        assert_eq!(header(&page, "x-content-type-options"), "nosniff");
        assert_eq!(header(&page, "referrer-policy"), "no-referrer");
        assert!(header(&page, "permissions-policy").contains("camera=(self)"));
        let policy = header(&page, "content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval';",
            "style-src 'self';",
            "frame-ancestors 'none'",
            "connect-src 'self' wss://sfu.example.com https://sfu.example.com",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        etags.push(header(&page, "etag").to_owned());
        let text = page.text().await.unwrap();
        assert!(text.contains(r#"<div id="root">"#), "{text}");
        assert!(!text.contains("<style") && !text.contains("style="));
        let scripts: Vec<_> = text.split("<script").skip(1).collect();
        assert!(
            scripts
                .iter()
                .all(|script| script.contains(" src=\"/assets/"))
        );
    }
    etags.dedup();
    assert_eq!(etags.len(), 1);
    let page = api.request("HEAD", "/lab").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(line(page).await, "200 ");
}

#[tokio::test]
async fn a_path_that_nobody_serves_is_a_page_for_browsers_alone() {
    let api = Api::start().await;
    let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let page = get(&api, "/nope", &[browser]).await;
    assert_eq!(page.status(), 404);
    assert!(header(&page, "content-security-policy").contains("default-src 'none'"));
    let etag = header(&page, "etag").to_owned();
    assert!(page.text().await.unwrap().contains(r#"<div id="root">"#));
    let again = get(&api, "/nope", &[browser, ("if-none-match", &etag)]).await;
    assert!(again.text().await.unwrap().contains(r#"<div id="root">"#));

    let json = r#"404 {"detail":"Not Found"}"#;
    assert_eq!(
        line(get(&api, "/nope", &[("accept", "*/*")]).await).await,
        json
    );
    assert_eq!(line(get(&api, "/api/nope", &[browser]).await).await, json);
    let post = api.request("POST", "/nope").header(browser.0, browser.1);
    assert_eq!(line(post.send().await.unwrap()).await, json);
    let bare = Api::start_with(|config| config.web = false).await;
    assert_eq!(line(get(&bare, "/nope", &[browser]).await).await, json);
}

#[tokio::test]
async fn the_policy_names_the_sfu_as_each_browser_reaches_it() {
    let api = Api::start().await;
    for (host, sfu) in [
        (
            "localhost:8000",
            "connect-src 'self' ws://localhost:7880 http://localhost:7880",
        ),
        (
            "10.1.2.3:8000",
            "connect-src 'self' ws://10.1.2.3:7880 http://10.1.2.3:7880",
        ),
        (
            "x;script-src *",
            "connect-src 'self' ws://localhost:7880 http://localhost:7880",
        ),
    ] {
        let page = get(&api, "/", &[("host", host)]).await;
        let policy = header(&page, "content-security-policy");
        assert!(policy.ends_with(sfu), "{host}: {policy}");
    }
}

#[tokio::test]
async fn files_come_as_small_as_a_browser_takes_them_and_are_kept() {
    let api = Api::start().await;
    for file in files(&api).await {
        let plain = get(&api, &file, &[]).await;
        assert_eq!(plain.status(), 200, "{file}");
        assert_eq!(
            header(&plain, "cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(header(&plain, "content-encoding"), "");
        assert_eq!(header(&plain, "vary"), "accept-encoding");
        let plain = plain.bytes().await.unwrap();
        let gzip = get(&api, &file, &[("accept-encoding", "gzip, deflate")]).await;
        assert_eq!(header(&gzip, "content-encoding"), "gzip", "{file}");
        let etag = header(&gzip, "etag").to_owned();
        let packed = gzip.bytes().await.unwrap();
        assert!(packed.len() < plain.len(), "{file}");
        let mut unpacked = Vec::new();
        GzDecoder::new(&*packed).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain, "{file}");
        let brotli = get(&api, &file, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(header(&brotli, "content-encoding"), "br", "{file}");
        assert!(brotli.bytes().await.unwrap().len() < packed.len());

        let known = [("accept-encoding", "gzip"), ("if-none-match", &*etag)];
        assert_eq!(line(get(&api, &file, &known).await).await, "304 ");
        let other = [("accept-encoding", "br"), ("if-none-match", &*etag)];
        assert_eq!(get(&api, &file, &other).await.status(), 200);
    }
}

#[tokio::test]
async fn what_is_no_page_and_no_file_speaks_the_apis_words() {
    let api = Api::start().await;
    for path in [
        "/index.html",
        "/meeting",
        "/meeting/room/daily",
        "/login/",
        "/assets/",
        "/assets/index.js",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets/.stamp",
        "/api/",
        "/api/livekit/rooms/daily/nothing",
    ] {
        let answer = line(get(&api, path, &[]).await).await;
        assert_eq!(answer, r#"404 {"detail":"Not Found"}"#, "{path}");
    }
    let posted = api.request("POST", "/login").send().await.unwrap();
    assert_eq!(line(posted).await, r#"405 {"detail":"Method Not Allowed"}"#);
}

#[tokio::test]
async fn the_client_can_be_left_out() {
    let api = Api::start_with(|config| config.web = false).await;
    for path in PAGES {
        let answer = line(get(&api, path, &[]).await).await;
        assert_eq!(answer, r#"404 {"detail":"Not Found"}"#, "{path}");
    }
}
