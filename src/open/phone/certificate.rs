//! What the certificates say: the authority's, and that of the door.

use std::net::IpAddr;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    SanType,
};
use sha2::{Digest as _, Sha256};

use crate::error::{Context as _, Error, Result};

/// Phones are asked to trust the authority once.
const AUTHORITY_DAYS: i64 = 5 * 365;

/// How long a certificate of the door is good. It is made when the door opens, and again each day.
const DOOR_DAYS: i64 = 7;

/// A phone's clock may be behind ours.
const SKEW_DAYS: i64 = 1;

/// Networks that are nobody's on the internet, with the lengths of their prefixes.
const NETWORKS: [(&str, u8); 9] = [
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("fc00::", 7),
    ("fe80::", 10),
    ("::1", 128),
];

/// Whether the authority may speak for this address.
pub fn is_within(ip: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()) << 96, true),
        IpAddr::V6(ip) => (ip.to_bits(), false),
    };
    let (address, is_v4) = bits(ip);
    networks().any(|(network, prefix)| {
        let (network, is_same_kind) = bits(network);
        is_same_kind == is_v4 && (address ^ network) >> (128 - prefix) == 0
    })
}

fn networks() -> impl Iterator<Item = (IpAddr, u8)> {
    NETWORKS
        .iter()
        .filter_map(|(network, prefix)| Some((network.parse().ok()?, *prefix)))
}

/// All that follows from the authority's key.
pub fn of_authority(key: &KeyPair) -> CertificateParams {
    let ips = networks().map(|(ip, prefix)| CidrSubnet::from_addr_prefix(ip, prefix));
    let mut permitted: Vec<_> = ips.map(GeneralSubtree::IpAddress).collect();
    // Without a name that is permitted, all would be.
    permitted.push(GeneralSubtree::DnsName("local".to_owned()));
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&name(key));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted,
        excluded_subtrees: Vec::new(),
    });
    params
}

/// The same with the time for which it is good.
pub fn of_fresh_authority(key: &KeyPair, now: Timestamp) -> Result<CertificateParams> {
    good_for(of_authority(key), now, AUTHORITY_DAYS)
}

/// The door's at this address.
pub fn of_door(ip: IpAddr, now: Timestamp) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress(ip)];
    // No name of a host, which some would hold to the authority's limits.
    params.distinguished_name = named("urbania: the door for phones");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    good_for(params, now, DOOR_DAYS)
}

/// Tells the authorities of several machines apart in a phone's list.
pub fn name(key: &KeyPair) -> String {
    let digest = Sha256::digest(key.public_key_raw());
    let [a, b, c, ..] = digest.as_slice() else {
        return "urbania".to_owned();
    };
    format!("urbania {a:02x}{b:02x}{c:02x}")
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// For whole days: certificates that people deal with need nothing finer.
fn good_for(mut params: CertificateParams, now: Timestamp, days: i64) -> Result<CertificateParams> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = |days: i64| {
        let date = today.checked_add(days.days());
        let date = date.or_fail(|| "this machine's clock is far off".into())?;
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        Ok::<_, Error>(rcgen::date_time_ymd(i32::from(date.year()), month, day))
    };
    params.not_before = day(-SKEW_DAYS)?;
    params.not_after = day(days)?;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_speaks_for_private_addresses_alone() {
        for (ip, within) in [
            ("192.168.1.7", true),
            ("10.255.0.1", true),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("100.127.0.1", true),
            ("8.8.8.8", false),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::1", true),
            ("::2", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_within(ip.parse().unwrap()), within, "{ip}");
        }
    }
}
