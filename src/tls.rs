//! TLS on a connection that carries no HTTP: that of a TURN server, or of Redis.

use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom a client trusts, and as whom it comes.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Certificates, in PEM, of those who may vouch for the server; else those that the system trusts.
    pub authorities: Option<SecretString>,
    /// The client's own certificate and its key, in PEM.
    pub own: Option<(SecretString, SecretString)>,
}

/// Agrees on keys with a server that must be `name`.
pub async fn agree(
    stream: TcpStream,
    name: &str,
    terms: &Terms,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let config = config(terms).map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await
}

fn config(terms: &Terms) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let builder = match &terms.authorities {
        Some(pem) => builder.with_root_certificates(roots(pem.expose_secret())?),
        None => builder.with_platform_verifier()?,
    };
    match &terms.own {
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes());
            builder.with_client_auth_cert(
                certificates(certificate.expose_secret())?,
                key.map_err(|_| unreadable("key"))?,
            )
        }
        None => Ok(builder.with_no_client_auth()),
    }
}

fn roots(pem: &str) -> Result<RootCertStore, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, rustls::Error> {
    let all = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    all.map_err(|_| unreadable("certificate"))
}

fn unreadable(what: &str) -> rustls::Error {
    rustls::Error::General(format!("the {what} is not in PEM"))
}
