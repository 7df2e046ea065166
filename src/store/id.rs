//! Ids of records.

use jiff::Timestamp;

/// Crockford's digits: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A ULID: 26 characters that sort by time and do not repeat.
pub fn new_id(now: Timestamp) -> String {
    let millis = u128::try_from(now.as_millisecond()).unwrap_or(0);
    spell(millis << 80 | rand::random::<u128>() >> 48)
}

fn spell(id: u128) -> String {
    (0..26)
        .rev()
        .map(|i| char::from(DIGITS[(id >> (5 * i)) as usize & 31]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_spelled_as_the_ulid_specification_has_it() {
        assert_eq!(spell(0), "00000000000000000000000000");
        assert_eq!(spell(u128::MAX), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(spell(1_469_918_176_385 << 80), "01ARYZ6S410000000000000000");
    }

    #[test]
    fn ids_sort_by_time_and_differ() {
        let at = |ms| new_id(Timestamp::from_millisecond(ms).unwrap());
        assert!(at(1) < at(2));
        assert_ne!(at(1), at(1));
    }
}
