//! What many values are like.

use serde::Serialize;

/// The middle and the bad end of many values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half of the values are not above it.
    pub p50: f64,
    /// 95 of 100 values are not above it.
    pub p95: f64,
}

impl Spread {
    /// Nothing where there are no values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            p50: percentile(&sorted, 50)?,
            p95: percentile(&sorted, 95)?,
        })
    }
}

/// The smallest value that so many of a hundred are not above.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// `part` of `whole` in per cent; nothing of nothing is none.
pub fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        (100.0 * part / whole).clamp(0.0, 100.0)
    } else {
        0.0
    }
}

/// With one decimal, as reports show and keep it.
pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_the_nearest_ranks() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let spread = |values: &[f64]| Spread::of(values).map(|s| (s.p50, s.p95));
        assert_eq!(spread(&hundred), Some((50.0, 95.0)));
        assert_eq!(spread(&[7.0]), Some((7.0, 7.0)));
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some((2.0, 3.0)));
        assert_eq!(spread(&[f64::NAN, 4.0]), Some((4.0, 4.0)));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn a_share_of_nothing_is_none_and_none_is_beyond_all() {
        assert!((percent(1.0, 8.0) - 12.5).abs() < f64::EPSILON);
        assert!(percent(1.0, 0.0).abs() < f64::EPSILON);
        assert!((percent(-3.0, 8.0)).abs() < f64::EPSILON);
        assert!((percent(9.0, 8.0) - 100.0).abs() < f64::EPSILON);
    }
}
