//! Checks `auth` of `urbania.yaml`.

use std::collections::BTreeMap;

use crate::config::load::{Findings, Source};
use crate::config::{AuthSettings, ClaimNames, Hs256Settings};

/// The issuer of our own sessions.
use crate::auth::ISSUER as OWN;

/// Checks whom the API is to believe.
pub fn check(source: &Source, auth: &AuthSettings, findings: &mut Findings) {
    let mut check = Check {
        source,
        findings,
        issuers: BTreeMap::from([(OWN.to_owned(), "the API itself".to_owned())]),
    };
    for (n, backend) in auth.hs256.iter().enumerate() {
        let path = format!("auth.hs256[{n}]");
        check.variable(&format!("{path}.secret_env"), &backend.secret_env);
        check.paths(&path, &backend.paths);
        match &backend.issuer {
            Some(issuer) => check.issuer(&path, issuer.clone()),
            None => check.no_issuer(&path, backend, auth.hs256[..n].iter().enumerate()),
        }
        check.claims(&format!("{path}.claims"), &backend.claims);
    }
    for (n, issuer) in auth.jwks.iter().enumerate() {
        let path = format!("auth.jwks[{n}]");
        if issuer.issuer.is_empty() {
            check.missing(&format!("{path}.issuer"), "not set");
        } else {
            check.issuer(&path, issuer.issuer.clone());
        }
        if issuer.audience.is_empty() {
            let message = "not set; without it, tokens for every other app of the issuer would do";
            check.missing(&format!("{path}.audience"), message);
        }
        let url = issuer.jwks_url.as_ref();
        let (name, url) = url.map_or(("issuer", &issuer.issuer), |url| ("jwks_url", url));
        check.plain_http(&format!("{path}.{name}"), url);
        check.claims(&format!("{path}.claims"), &issuer.claims);
    }
    if let Some(project) = &auth.firebase.project {
        let issuer = format!("https://securetoken.google.com/{project}");
        check.issuer("auth.firebase", issuer);
        check.plain_http("auth.firebase.keys_url", &auth.firebase.keys_url);
    }
    check.prefixes(auth);
}

struct Check<'a> {
    source: &'a Source,
    findings: &'a mut Findings,
    /// Who has an issuer.
    issuers: BTreeMap<String, String>,
}

impl Check<'_> {
    fn problem(&mut self, path: &str, message: impl Into<String>) {
        let problem = self.source.problem(path, message);
        self.findings.problems.push(problem);
    }

    /// Unless it is there and the reader has found it wrong.
    fn missing(&mut self, path: &str, message: &str) {
        if !self.findings.problems.iter().any(|p| p.path == path) {
            self.problem(path, message);
        }
    }

    fn warning(&mut self, path: &str, message: impl Into<String>) {
        let warning = self.source.problem(path, message);
        self.findings.warnings.push(warning);
    }

    /// What is no name is not quoted: a secret is what people put here by mistake.
    fn variable(&mut self, path: &str, name: &str) {
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if name.is_empty() {
            self.missing(path, "not set; it names the variable that holds the secret");
        } else if !is_name {
            let message = "not the name of a variable: upper-case letters, digits and `_`; \
                the secret itself belongs into .env";
            self.problem(path, message);
        }
    }

    /// Two judges of one token would make it a matter of luck who it is.
    fn issuer(&mut self, path: &str, issuer: String) {
        if let Some(holder) = self.issuers.get(&issuer) {
            let message = format!("`{issuer}` is the issuer of {holder} already");
            self.problem(&format!("{path}.issuer"), message);
        } else {
            self.issuers.insert(issuer, path.to_owned());
        }
    }

    /// Those that judge the tokens of nobody else must be told apart by their paths.
    fn no_issuer<'a>(
        &mut self,
        path: &str,
        backend: &Hs256Settings,
        mut others: impl Iterator<Item = (usize, &'a Hs256Settings)>,
    ) {
        let holder = others.find(|(_, other)| other.issuer.is_none() && other.meets(backend));
        if let Some((holder, _)) = holder {
            let message = format!(
                "not set, and neither is that of auth.hs256[{holder}]; on one path only one can do without"
            );
            self.problem(&format!("{path}.issuer"), message);
        }
    }

    fn paths(&mut self, path: &str, paths: &[String]) {
        for (n, below) in paths.iter().enumerate() {
            if !below.starts_with('/') {
                let message = format!("`{below}` is no path: those begin with `/`");
                self.problem(&format!("{path}.paths[{n}]"), message);
            }
        }
    }

    fn claims(&mut self, path: &str, names: &ClaimNames) {
        if names.id.is_empty() {
            self.problem(&format!("{path}.id"), "empty; every caller needs an id");
        }
    }

    /// Whoever is between us and a server without TLS can make keys of their own.
    fn plain_http(&mut self, path: &str, url: &str) {
        let Some(rest) = url.strip_prefix("http://") else {
            return;
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let here = ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
            host == *name || host.strip_prefix(name).is_some_and(|r| r.starts_with(':'))
        });
        if !here {
            let message = "without https, whoever is on the way can replace the keys";
            self.warning(path, message);
        }
    }

    /// The same id of two providers is taken for one person.
    fn prefixes(&mut self, auth: &AuthSettings) {
        let hs256 = auth.hs256.iter().enumerate();
        let jwks = auth.jwks.iter().enumerate();
        // The app says its Firebase uid itself, so that has no prefix.
        let none = String::new();
        let firebase = auth.firebase.project.iter();
        let all = firebase
            .map(|_| ("auth.firebase".to_owned(), &none))
            .chain(hs256.map(|(n, backend)| (format!("auth.hs256[{n}]"), &backend.id_prefix)))
            .chain(jwks.map(|(n, issuer)| (format!("auth.jwks[{n}]"), &issuer.id_prefix)));
        let mut seen: BTreeMap<&String, String> = BTreeMap::new();
        for (path, prefix) in all {
            if let Some(other) = seen.get(prefix) {
                let message = format!(
                    "an id from here and the same one from {other} are one person; set id_prefix where they are two"
                );
                self.warning(&path, message);
            } else {
                seen.insert(prefix, path);
            }
        }
    }
}
