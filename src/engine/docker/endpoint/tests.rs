use std::fs;

use super::context::id;
use super::*;

fn env(pairs: &[(&str, &str)]) -> Env {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn write_context(dir: &Path, name: &str, host: &str) {
    let folder = dir.join("contexts/meta").join(id(name));
    fs::create_dir_all(&folder).unwrap();
    let meta = format!(
        r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
    );
    fs::write(folder.join("meta.json"), meta).unwrap();
}

#[test]
fn docker_host_beats_contexts() {
    let found = candidates(&env(&[
        ("DOCKER_HOST", "unix:///tmp/d.sock"),
        ("DOCKER_CONTEXT", "nowhere"),
    ]))
    .unwrap();
    assert_eq!(
        found,
        [Endpoint {
            address: Address::Unix("/tmp/d.sock".into()),
            origin: "DOCKER_HOST".into()
        }]
    );
}

#[test]
fn the_context_of_the_environment_beats_the_current_one() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("config.json"),
        r#"{"currentContext":"colima"}"#,
    )
    .unwrap();
    write_context(dir.path(), "colima", "unix:///colima.sock");
    write_context(dir.path(), "far", "tcp://10.0.0.5");
    let config = dir.path().to_str().unwrap();
    let current = candidates(&env(&[("DOCKER_CONFIG", config)])).unwrap();
    assert_eq!(current[0].origin, "context `colima`");
    assert_eq!(current[0].address.to_string(), "unix:///colima.sock");
    let named = candidates(&env(&[
        ("DOCKER_CONFIG", config),
        ("DOCKER_CONTEXT", "far"),
    ]));
    assert_eq!(named.unwrap()[0].address.to_string(), "tcp://10.0.0.5:2375");
}

#[test]
fn tls_is_spoken_where_docker_would_speak_it() {
    let asked = |host: &str, more: &[(&str, &str)]| {
        let base = [
            ("DOCKER_HOST", host),
            ("DOCKER_TLS_VERIFY", "1"),
            ("HOME", "/ada"),
        ];
        candidates(&env(&[&base, more].concat()))
            .unwrap()
            .remove(0)
            .address
    };
    let tls = |host: &str, certificates: &str| Address::Tls {
        host: host.to_owned(),
        certificates: certificates.into(),
    };
    assert_eq!(asked("tcp://far", &[]), tls("far:2376", "/ada/.docker"));
    let path = ("DOCKER_CERT_PATH", "/certs");
    assert_eq!(asked("tcp://far:1", &[path]), tls("far:1", "/certs"));
    assert!(matches!(
        asked("unix:///tmp/d.sock", &[path]),
        Address::Unix(_)
    ));

    let dir = tempfile::tempdir().unwrap();
    write_context(dir.path(), "safe", "tcp://far:2376");
    let certificates = dir
        .path()
        .join("contexts/tls")
        .join(id("safe"))
        .join("docker");
    fs::create_dir_all(&certificates).unwrap();
    let config = dir.path().to_str().unwrap();
    let found = candidates(&env(&[
        ("DOCKER_CONFIG", config),
        ("DOCKER_CONTEXT", "safe"),
    ]));
    assert_eq!(
        found.unwrap()[0].address,
        tls("far:2376", certificates.to_str().unwrap())
    );
}

#[test]
fn an_engine_that_nobody_verifies_is_refused() {
    let unverified = candidates(&env(&[
        ("DOCKER_HOST", "tcp://far:2376"),
        ("DOCKER_TLS", "1"),
    ]));
    assert_eq!(
        unverified.unwrap_err().to_string(),
        "DOCKER_TLS wants TLS to `tcp://far:2376` without verifying who answers, which is not supported"
    );
    let dir = tempfile::tempdir().unwrap();
    write_context(dir.path(), "lax", "tcp://far:2376");
    let meta = dir
        .path()
        .join("contexts/meta")
        .join(id("lax"))
        .join("meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    fs::write(
        &meta,
        text.replace("\"SkipTLSVerify\":false", "\"SkipTLSVerify\":true"),
    )
    .unwrap();
    let config = dir.path().to_str().unwrap();
    let found = candidates(&env(&[
        ("DOCKER_CONFIG", config),
        ("DOCKER_CONTEXT", "lax"),
    ]));
    assert_eq!(
        found.unwrap_err().to_string(),
        "context `lax` wants TLS to `tcp://far:2376` without verifying who answers, which is not supported"
    );
}

#[test]
fn an_unknown_context_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().to_str().unwrap();
    let error = candidates(&env(&[
        ("DOCKER_CONFIG", config),
        ("DOCKER_CONTEXT", "far"),
    ]));
    assert_eq!(
        error.unwrap_err().to_string(),
        "there is no Docker context `far` (DOCKER_CONTEXT)"
    );
}

#[test]
fn without_configuration_the_usual_sockets_are_tried() {
    let found = candidates(&env(&[
        ("HOME", "/home/ada"),
        ("XDG_RUNTIME_DIR", "/run/user/1000"),
    ]))
    .unwrap();
    let addresses: Vec<_> = found.iter().map(|e| e.address.to_string()).collect();
    assert_eq!(addresses[0], "unix:///var/run/docker.sock");
    assert_eq!(addresses[1], "unix:///run/user/1000/docker.sock");
    assert!(addresses.contains(&"unix:///run/user/1000/podman/podman.sock".to_owned()));
}

#[test]
fn bad_addresses_say_where_they_were_written() {
    for (host, words) in [
        (
            "docker.sock",
            "DOCKER_HOST is `docker.sock`: not an engine's address",
        ),
        (
            "ssh://me@far",
            "DOCKER_HOST is `ssh://me@far`: ssh is not supported",
        ),
        (
            "https://far:2376",
            "DOCKER_HOST is `https://far:2376`: not an engine's address",
        ),
    ] {
        let error = candidates(&env(&[("DOCKER_HOST", host)])).unwrap_err();
        assert_eq!(error.to_string(), words);
        assert!(!error.hints().is_empty());
    }
}
