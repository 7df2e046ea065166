//! The user that a new MongoDB is made with.

use mongodb::options::{ConnectionString, HostInfo, ServerAddress};
use secrecy::{ExposeSecret, SecretString};

use crate::config::Project;
use crate::error::{Error, Result};

pub(super) const MONGODB_PORT: u16 = 27017;

pub(super) struct RootUser {
    pub name: String,
    pub password: SecretString,
}

/// The user that a new MongoDB is made with: the one that the project connects as.
pub(super) fn root_user(project: &Project) -> Result<RootUser> {
    let uri = project.mongodb_uri().ok_or_else(|| {
        Error::usage("`.env` has no MONGODB_URI, which holds MongoDB's password")
            .hint("urbania up   writes what .env lacks")
    })?;
    // The parser's own error quotes what it was given: the password.
    let parsed = ConnectionString::parse(uri.expose_secret())
        .map_err(|_| Error::usage("MONGODB_URI is not a MongoDB address").hint(URI_HINT))?;
    let port = project.settings.services.mongodb.port;
    let here = points_here(&parsed, port);
    let user = parsed
        .credential
        .and_then(|c| Some((c.username?, c.password?)));
    match user {
        Some((name, password)) if here => Ok(RootUser {
            name,
            password: password.into(),
        }),
        Some(_) => Err(Error::usage(format!(
            "MONGODB_URI does not point to the MongoDB that urbania runs, 127.0.0.1:{port}"
        ))
        .hint("correct MONGODB_URI or services.mongodb.port")
        .hint("or use the other MongoDB alone: services: {mongodb: {enabled: false}}")),
        None => Err(Error::usage("MONGODB_URI has no user and password").hint(URI_HINT)),
    }
}

const URI_HINT: &str =
    "it looks like mongodb://urbania:PASSWORD@127.0.0.1:27017/urbania?authSource=admin";

/// Whether the address is that of the MongoDB which we publish on `wanted`.
fn points_here(uri: &ConnectionString, wanted: u16) -> bool {
    let HostInfo::HostIdentifiers(hosts) = &uri.host_info else {
        return false;
    };
    matches!(
        hosts.as_slice(),
        [ServerAddress::Tcp { host, port }]
            if ["127.0.0.1", "localhost"].contains(&host.as_str())
                && port.unwrap_or(MONGODB_PORT) == wanted
    )
}
