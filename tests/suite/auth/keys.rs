//! Real key pairs, made by OpenSSL.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// A key pair of an identity provider.
pub struct Key {
    pub kid: &'static str,
    algorithm: Algorithm,
    private: EncodingKey,
    pem: Vec<u8>,
}

impl Key {
    /// RSA with 2048 bits.
    pub fn rsa(kid: &'static str) -> Self {
        Self::rsa_of(kid, 2048)
    }

    pub fn rsa_of(kid: &'static str, bits: usize) -> Self {
        let bits = format!("rsa_keygen_bits:{bits}");
        let pem = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", &bits], b"");
        let der = openssl(&["rsa", "-traditional", "-outform", "DER"], &pem);
        Self {
            kid,
            algorithm: Algorithm::RS256,
            private: EncodingKey::from_rsa_der(&der),
            pem,
        }
    }

    /// Elliptic curve: P-256 or P-384.
    pub fn ec(kid: &'static str, curve: &str, algorithm: Algorithm) -> Self {
        let curve = format!("ec_paramgen_curve:{curve}");
        let pem = openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", &curve], b"");
        let der = openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], &pem);
        Self {
            kid,
            algorithm,
            private: EncodingKey::from_ec_der(&der),
            pem,
        }
    }

    /// Ed25519.
    pub fn ed(kid: &'static str) -> Self {
        let pem = openssl(&["genpkey", "-algorithm", "ed25519"], b"");
        let der = openssl(&["pkey", "-outform", "DER"], &pem);
        Self {
            kid,
            algorithm: Algorithm::EdDSA,
            private: EncodingKey::from_ed_der(&der),
            pem,
        }
    }

    /// The public key as a JSON Web Key, without an `alg`.
    pub fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk.as_object_mut().unwrap().remove("alg");
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    /// The public key in a certificate, as Google publishes it.
    pub fn certificate(&self) -> String {
        let args = [
            "req",
            "-new",
            "-x509",
            "-key",
            "/dev/stdin",
            "-subj",
            "/CN=keys",
        ];
        String::from_utf8(openssl(&args, &self.pem)).unwrap()
    }

    /// The public key in PEM and in DER.
    pub fn public(&self) -> [Vec<u8>; 2] {
        ["PEM", "DER"].map(|form| openssl(&["pkey", "-pubout", "-outform", form], &self.pem))
    }

    /// A token under the key's own id and algorithm.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(claims, self.algorithm, Some(self.kid))
    }

    pub fn sign_as(&self, claims: &Value, algorithm: Algorithm, kid: Option<&str>) -> String {
        let mut header = Header::new(algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

/// A JSON Web Key Set.
pub fn jwks(keys: &[&Key]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

/// A token with any header, claims and signature.
pub fn forged(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// A token signed with a shared secret.
pub fn shared(claims: &Value, secret: &[u8], kid: Option<&str>) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn openssl(args: &[&str], stdin: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl; scripts/setup installs it");
    // It does not read what it does not need.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {args:?}: {said}");
    output.stdout
}
