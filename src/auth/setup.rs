//! What the providers are made of: settings, and the secrets that they name.

use std::net::SocketAddr;

use secrecy::{ExposeSecret as _, SecretString};

use super::keys::Pace;
use crate::config::{FirebaseSettings, Hs256Settings, JwksSettings, Project};
use crate::error::{Error, Result};

/// Where Firebase's own tools say that their emulator runs.
pub const EMULATOR: &str = "FIREBASE_AUTH_EMULATOR_HOST";

/// All providers besides the sessions of today.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Secrets that signed sessions before.
    pub previous_sessions: Vec<SecretString>,
    /// Backends, each with its secret.
    pub hs256: Vec<(Hs256Settings, SecretString)>,
    /// OpenID Connect issuers.
    pub jwks: Vec<JwksSettings>,
    /// Firebase Authentication.
    pub firebase: FirebaseSettings,
    /// Whether tokens of Firebase's emulator are believed.
    pub emulator: bool,
    /// How servers of keys are asked.
    pub pace: Pace,
}

impl Setup {
    /// That of a project whose API listens on `listen`; fails when a secret is missing.
    pub fn of(project: &Project, listen: SocketAddr) -> Result<Self> {
        let auth = &project.settings.auth;
        let secret = |(n, settings): (usize, &Hs256Settings)| {
            let name = &settings.secret_env;
            let secret = project.variable(name).ok_or_else(|| {
                Error::usage(format!(
                    "`{name}` is neither in the environment nor in .env"
                ))
                .hint(format!(
                    "auth.hs256[{n}].secret_env of urbania.yaml names it"
                ))
            })?;
            Ok((settings.clone(), secret))
        };
        let here = listen.ip().to_canonical().is_loopback();
        Ok(Self {
            previous_sessions: project.previous_session_secrets(),
            hs256: auth
                .hs256
                .iter()
                .enumerate()
                .map(secret)
                .collect::<Result<_>>()?,
            jwks: auth.jwks.clone(),
            firebase: auth.firebase.clone(),
            emulator: here && project.variable(EMULATOR).is_some(),
            pace: Pace::default(),
        })
    }

    /// What works, but should not stay so.
    pub fn warnings(&self, project: &Project) -> Vec<String> {
        /// HMAC with SHA-256 asks for as many bytes (RFC 7518).
        const SHORTEST: usize = 32;
        let mut warnings = Vec::new();
        for (settings, secret) in &self.hs256 {
            let length = secret.expose_secret().len();
            if length < SHORTEST {
                let name = &settings.secret_env;
                warnings.push(format!(
                    "`{name}` has {length} bytes; whoever has a token can guess a secret of less than {SHORTEST}"
                ));
            }
        }
        let is_set = self.firebase.project.is_some() && project.variable(EMULATOR).is_some();
        if is_set && self.emulator {
            warnings.push(format!(
                "`{EMULATOR}` is set: Firebase tokens that nobody signed are believed"
            ));
        } else if is_set {
            warnings.push(format!(
                "`{EMULATOR}` is set without effect: tokens that nobody signed are only believed on loopback"
            ));
        }
        warnings
    }
}
