//! The certificate of TURN over TLS.

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use x509_cert::Certificate;
use x509_cert::der::DecodePem as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct TurnCertificate;

const ABOUT: About = About {
    code: "config.turn-certificate",
    group: Group::Config,
    title: "the certificate of TURN over TLS is expired or for another name",
    looks_at: "The first certificate of `turn.cert_file`: from when to when it is valid, and whether `turn.domain` is\n\
        among its names.",
    why: "Browsers refuse TURN over TLS without a word to the user: those behind strict firewalls, who need it most,\n\
        get no media, and everybody else sees nothing.",
    fix: "Get a certificate for `turn.domain` and run `urbania up`, which gives the SFU the new one.",
};

/// So long before its end a certificate should have a successor.
const SOON: i64 = 14 * 24 * 60 * 60;

#[async_trait]
impl Check for TurnCertificate {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let turn = &site.project()?.livekit.turn;
        if !turn.enabled || turn.tls_port == 0 || turn.external_tls {
            return Ok(Vec::new());
        }
        site.runs_livekit()?;
        let files = &site.effective()?.files;
        let Some(file) = files.iter().find(|f| f.of.path == "turn.cert_file") else {
            return Ok(Vec::new());
        };
        let shown = file.of.written.display().to_string();
        let pem = first(file.contents.expose_secret());
        Ok(match Certificate::from_pem(pem) {
            Ok(certificate) => judge(&shown, &certificate, &turn.domain, site.ctx.clock.now()),
            Err(_) => vec![
                Finding::problem(format!("`{shown}` is no certificate in PEM"))
                    .fix("turn.cert_file is the certificate, turn.key_file its key"),
            ],
        })
    }
}

/// The first certificate of a chain.
fn first(pem: &str) -> &str {
    const END: &str = "-----END CERTIFICATE-----";
    match pem.find(END) {
        Some(at) => pem[..at + END.len()].trim_start(),
        None => pem,
    }
}

fn judge(shown: &str, certificate: &Certificate, domain: &str, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let validity = certificate.tbs_certificate.validity;
    let moment = |time: x509_cert::time::Time| {
        let seconds = time.to_unix_duration().as_secs();
        i64::try_from(seconds)
            .ok()
            .and_then(|s| Timestamp::from_second(s).ok())
    };
    let renew = format!("a new certificate for {domain}, then `urbania up`");
    if let Some(end) = moment(validity.not_after) {
        let left = end.as_second() - now.as_second();
        if left <= 0 {
            let message = format!("`{shown}` expired at {end}");
            findings.push(Finding::problem(message).fix(&renew));
        } else if left < SOON {
            let message = format!("`{shown}` expires at {end}");
            findings.push(Finding::warning(message).fix(&renew));
        }
    }
    if let Some(begin) = moment(validity.not_before).filter(|begin| *begin > now) {
        let message = format!("`{shown}` is not valid before {begin}");
        findings.push(Finding::problem(message).fix("is the clock of this machine right?"));
    }
    let names = names(certificate);
    if !names.iter().any(|name| is_for(name, domain)) {
        let message = format!("`{shown}` is not for turn.domain, `{domain}`");
        let evidence = match names.join(", ") {
            none if none.is_empty() => {
                "it names nobody (no subjectAltName), and browsers read no other name".to_owned()
            }
            names => format!("it is for {names}"),
        };
        let finding = Finding::problem(message).evidence(evidence);
        findings.push(finding.fix(&renew));
    }
    findings
}

fn names(certificate: &Certificate) -> Vec<String> {
    let Ok(Some((_, names))) = certificate.tbs_certificate.get::<SubjectAltName>() else {
        return Vec::new();
    };
    let dns = names.0.iter().filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        _ => None,
    });
    dns.collect()
}

/// A star stands for one label.
fn is_for(name: &str, domain: &str) -> bool {
    let rest = |text: &str| {
        text.split_once('.')
            .map(|(_, rest)| rest.to_ascii_lowercase())
    };
    name.eq_ignore_ascii_case(domain)
        || (name.starts_with("*.") && rest(name).is_some() && rest(name) == rest(domain))
}
