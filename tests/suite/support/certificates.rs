//! Certificates for tests, made by `openssl`.

use std::fs;
use std::path::Path;
use std::process::Command;

const CONFIG: &str = "[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
[leaf]
basicConstraints = CA:false
subjectAltName = IP:127.0.0.1, DNS:turn.example
";

/// Writes `ca.pem` and `ca-key.pem` of a new authority.
pub fn authority(dir: &Path) {
    fs::write(dir.join("openssl.conf"), CONFIG).unwrap();
    certificate(dir, "ca", "2", &["-extensions", "authority"]);
}

/// Writes `NAME.pem` and `NAME-key.pem` that the authority of the folder signed, good for two days.
pub fn signed(dir: &Path, name: &str) {
    signed_for(dir, name, "2");
}

/// The same, good for so many days.
pub fn signed_for(dir: &Path, name: &str, days: &str) {
    let signer = [
        "-extensions",
        "leaf",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca-key.pem",
    ];
    certificate(dir, name, days, &signer);
}

/// Writes `NAME.pem` and `NAME-key.pem` of one that is for no name.
pub fn nameless(dir: &Path, name: &str) {
    certificate(dir, name, "90", &["-extensions", "authority"]);
}

fn certificate(dir: &Path, name: &str, days: &str, more: &[&str]) {
    let output = Command::new("openssl")
        .current_dir(dir)
        .args([
            "req",
            "-x509",
            "-config",
            "openssl.conf",
            "-days",
            days,
            "-nodes",
        ])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        .args(["-subj", &format!("/CN={name}")])
        .args([
            "-out",
            &format!("{name}.pem"),
            "-keyout",
            &format!("{name}-key.pem"),
        ])
        .args(more)
        .output()
        .expect("`openssl` is installed; scripts/setup installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
