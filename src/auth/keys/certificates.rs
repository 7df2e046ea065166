//! Keys in X.509 certificates: the one that publishes them is believed, not the certificate.

use jsonwebtoken::Algorithm;
use x509_cert::Certificate;
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{DecodePem as _, Reader as _, SliceReader};

use super::{PublicKey, rsa};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The RSA key of a certificate in PEM.
pub fn read(kid: String, pem: &str) -> Option<PublicKey> {
    let certificate = Certificate::from_pem(pem).ok()?;
    let info = &certificate.tbs_certificate.subject_public_key_info;
    if info.algorithm.oid != RSA_ENCRYPTION {
        return None;
    }
    let (modulus, exponent) = SliceReader::new(info.subject_public_key.as_bytes()?)
        .ok()?
        .sequence(|key| Ok((key.decode::<UintRef<'_>>()?, key.decode::<UintRef<'_>>()?)))
        .ok()?;
    rsa(
        Some(kid),
        &[Algorithm::RS256],
        modulus.as_bytes(),
        exponent.as_bytes(),
    )
}
