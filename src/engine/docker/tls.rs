//! TLS to an engine, as Docker's own client speaks it: both sides show a certificate.

use std::fs;
use std::path::{Path, PathBuf};

use bollard::Docker as Client;

use super::endpoint::{Address, Endpoint};
use super::failure::Explain;
use crate::error::{Error, Result};

/// Whether both sides accept each other's certificates.
pub(super) async fn greet(client: &Client, endpoint: &Endpoint) -> Result<()> {
    let Address::Tls { certificates, .. } = &endpoint.address else {
        return Ok(());
    };
    let address = &endpoint.address;
    let greeted = client
        .ping()
        .await
        .explain(|| format!("cannot speak TLS to the engine at {address}"));
    greeted.map(drop).map_err(|e| {
        e.hint(format!(
            "is ca.pem in `{0}` that of the engine, does the engine know cert.pem in `{0}`, and \
             does its own certificate name this address?",
            certificates.display()
        ))
    })
}

/// The certificate of the engine's authority, ours, and its key. The client library tells nobody
/// that it could not read ours.
pub(super) fn files(dir: &Path, endpoint: &Endpoint) -> Result<[PathBuf; 3]> {
    let files = ["ca.pem", "cert.pem", "key.pem"].map(|name| dir.join(name));
    for file in &files {
        fs::read(file).map_err(|e| {
            let message = format!(
                "cannot read `{}` for TLS to {} ({})",
                file.display(),
                endpoint.address,
                endpoint.origin
            );
            Error::failed(message).because(e).hint(
                "ca.pem, cert.pem and key.pem are looked for in DOCKER_CERT_PATH, else in ~/.docker; \
                 a context has its own",
            )
        })?;
    }
    Ok(files)
}
