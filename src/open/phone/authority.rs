//! An authority of this machine's user, made once, and the certificates that it gives to the door.
//!
//! Whoever has its key can speak for every address that a phone which trusts it believes. So it may speak for
//! addresses of private networks alone, its certificate says so, and the key is nobody else's to read.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rcgen::{Issuer, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::pem::{LineEnding, encode_string};

use super::certificate::{name, of_authority, of_door, of_fresh_authority};
use crate::context::Env;
use crate::error::{Context as _, Error, Result};
use crate::host::files::private_dir;

/// In the folder of the user's data.
const FILE: &str = "authority.pem";

/// One that ends sooner than this is made anew.
const LAST_DAYS: i64 = 30;

/// Longer is no file of ours.
const MOST: u64 = 64 * 1024;

/// An authority that phones are asked to trust.
pub struct Authority {
    /// Its name, by which it is found in a phone's list.
    pub name: String,
    /// Its certificate and its key.
    pub file: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Authority {
    /// That of this machine's user, which is made where there is none or where it is about to end.
    pub fn of_user(env: &Env, now: Timestamp) -> Result<Self> {
        if let Some(authority) = Self::find(env, now)? {
            return Ok(authority);
        }
        let dir = data_dir(env)?;
        private_dir(&dir)?;
        let file = dir.join(FILE);
        if file.exists() {
            fs::remove_file(&file).or_fail(|| format!("cannot remove `{}`", file.display()))?;
        }
        write_once(&dir, &file, &fresh(now)?)?;
        Self::read(&file)?.ok_or_else(|| unreadable(&file))
    }

    /// The same, where it is there already.
    pub fn find(env: &Env, now: Timestamp) -> Result<Option<Self>> {
        let found = Self::read(&data_dir(env)?.join(FILE))?;
        Ok(found.filter(|authority| authority.is_good_at(now)))
    }

    fn read(file: &Path) -> Result<Option<Self>> {
        let cannot = || format!("cannot read `{}`", file.display());
        match fs::metadata(file) {
            Ok(found) if found.len() <= MOST => {}
            Ok(_) => return Err(unreadable(file)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::failed(cannot()).because(e)),
        }
        let text = fs::read(file).or_fail(cannot)?;
        let parts = PrivatePkcs8KeyDer::from_pem_slice(&text)
            .and_then(|key| Ok((key, CertificateDer::from_pem_slice(&text)?)));
        let (key, certificate) = parts.map_err(|_| unreadable(file))?;
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256);
        let key = key.map_err(|_| unreadable(file))?;
        Ok(Some(Self {
            name: name(&key),
            file: file.to_path_buf(),
            issuer: Issuer::new(of_authority(&key), key),
            certificate,
        }))
    }

    fn is_good_at(&self, now: Timestamp) -> bool {
        let certificate = Certificate::from_der(&self.certificate).ok();
        let ends = certificate.map(|c| c.tbs_certificate.validity.not_after.to_unix_duration());
        let latest = now.as_second() + (LAST_DAYS * 24 * 3600);
        ends.is_some_and(|ends| i128::from(ends.as_secs()) > i128::from(latest))
    }

    /// Its certificate, as phones take it.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// By which a person tells that it is this one: SHA-256 in pairs of digits.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.certificate);
        digest
            .iter()
            .enumerate()
            .fold(String::new(), |mut text, (i, byte)| {
                let colon = if i == 0 { "" } else { ":" };
                let _ = write!(text, "{colon}{byte:02X}");
                text
            })
    }

    /// What the door at this address shows, from now on for some days. Its key is in memory alone.
    pub fn door_of(&self, ip: IpAddr, now: Timestamp) -> Result<Arc<ServerConfig>> {
        let cannot = || "cannot make a certificate for the door".to_owned();
        let key = KeyPair::generate().or_fail(cannot)?;
        let leaf = of_door(ip, now)?;
        let leaf = leaf.signed_by(&key, &self.issuer).or_fail(cannot)?;
        let key = PrivateKeyDer::Pkcs8(key.serialized_der().to_vec().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .or_fail(cannot)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key);
        let mut config = config.or_fail(cannot)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn unreadable(file: &Path) -> Error {
    Error::failed(format!(
        "`{}` is not what urbania wrote there",
        file.display()
    ))
    .hint(format!(
        "rm {}   then phones must be told to trust a new one",
        file.display()
    ))
}

/// Where the user's own data is.
fn data_dir(env: &Env) -> Result<PathBuf> {
    let data = env
        .get("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute());
    let home = || Some(PathBuf::from(env.get("HOME")?).join(".local/share"));
    let data = data.or_else(home);
    data.map(|dir| dir.join("urbania")).ok_or_else(|| {
        Error::failed(
            "there is no place for a certificate authority: neither HOME nor XDG_DATA_HOME is set",
        )
    })
}

/// The text of a new one.
fn fresh(now: Timestamp) -> Result<String> {
    let cannot = || "cannot make a certificate authority".to_owned();
    let key = KeyPair::generate().or_fail(cannot)?;
    let params = of_fresh_authority(&key, now)?;
    let certificate = params.self_signed(&key).or_fail(cannot)?;
    let pem = |label, bytes: &[u8]| {
        encode_string(label, LineEnding::LF, bytes)
            .map_err(|e| Error::failed(cannot()).because(io::Error::other(e.to_string())))
    };
    let certificate = pem("CERTIFICATE", certificate.der())?;
    Ok(certificate + &pem("PRIVATE KEY", key.serialized_der())?)
}

/// Of two that make one at once, one is first, and both go on with that.
fn write_once(dir: &Path, file: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write `{}`", file.display());
    let mut temporary = tempfile::NamedTempFile::new_in(dir).or_fail(cannot)?;
    temporary.write_all(text.as_bytes()).or_fail(cannot)?;
    temporary.as_file().sync_all().or_fail(cannot)?;
    match temporary.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(Error::failed(cannot()).because(e.error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn env(dir: &Path) -> Env {
        let value = dir.display().to_string();
        [("XDG_DATA_HOME".to_owned(), value)].into_iter().collect()
    }

    #[test]
    fn it_is_made_once_is_private_and_made_anew_before_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let of = |now: &str| Authority::of_user(&env(dir.path()), at(now)).unwrap();
        let first = of("2026-03-01T10:00:00Z");
        let mode = fs::metadata(&first.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(first.name.len(), "urbania 012345".len());
        let again = of("2031-01-01T10:00:00Z");
        assert_eq!(again.fingerprint(), first.fingerprint());
        assert_eq!(first.fingerprint().len(), 95);
        let later = of("2031-02-10T10:00:00Z");
        assert_ne!(later.name, first.name);
        assert_eq!(fs::read_dir(dir.path().join("urbania")).unwrap().count(), 1);
        fs::write(&first.file, "something else").unwrap();
        assert!(Authority::of_user(&env(dir.path()), at("2031-02-11T10:00:00Z")).is_err());
    }
}
