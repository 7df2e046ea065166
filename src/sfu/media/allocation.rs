//! Which layer of each picture a subscriber gets: all of them move, and what is left over makes them better.

/// A picture that somebody wants.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Bits a second of the layers that are there.
    pub rates: [Option<u64>; 3],
    /// None better than this is wanted.
    pub best: u8,
    /// The one that they get.
    pub now: Option<u8>,
}

impl Ask {
    fn layers(&self) -> impl Iterator<Item = (u8, u64)> {
        let there = (0..3u8)
            .zip(self.rates)
            .filter_map(|(layer, rate)| Some((layer, rate?)));
        let best = self.best;
        // Where nothing is as small as wanted, the smallest must do.
        let any = there.clone().any(|(layer, _)| layer <= best);
        let lowest = there.clone().map(|(layer, _)| layer).min();
        there.filter(move |(layer, _)| *layer <= best || (!any && Some(*layer) == lowest))
    }

    /// What the best layer of all would cost, also where it is not wanted now.
    pub fn most(&self) -> u64 {
        self.rates.into_iter().flatten().last().unwrap_or(0)
    }

    fn better_than(&self, layer: u8) -> Option<(u8, u64)> {
        self.layers().find(|(better, _)| *better > layer)
    }

    fn rate(&self, layer: u8) -> u64 {
        self.rates[usize::from(layer)].unwrap_or(0)
    }
}

/// A layer for each; the budget is in bits a second. The first come first.
pub fn choose(budget: u64, asks: &[Ask]) -> Vec<Option<u8>> {
    let mut chosen: Vec<_> = asks.iter().map(|ask| ask.layers().next()).collect();
    let mut spent: u64 = chosen.iter().flatten().map(|(_, rate)| rate).sum();
    loop {
        let mut is_better = false;
        for (ask, chosen) in asks.iter().zip(&mut chosen) {
            let Some((layer, rate)) = *chosen else {
                continue;
            };
            let Some(next) = ask.better_than(layer) else {
                continue;
            };
            let total = spent - rate + next.1;
            let needed = if ask.now >= Some(next.0) {
                total
            } else {
                to_begin(total)
            };
            if needed <= budget {
                (spent, *chosen, is_better) = (total, Some(next), true);
            }
        }
        if !is_better {
            return chosen.into_iter().map(|layer| Some(layer?.0)).collect();
        }
    }
}

/// A change for the better needs more than just enough, or the next moment undoes it.
fn to_begin(total: u64) -> u64 {
    total + total / 8
}

/// The budget with which one of them would be better off, where that is possible: with a better layer, or with what they
/// get already in time.
pub fn missing(budget: u64, asks: &[Ask], chosen: &[Option<u8>]) -> Option<u64> {
    let given = || {
        let pairs = asks.iter().zip(chosen);
        pairs.filter_map(|(ask, layer)| Some((ask, (*layer)?)))
    };
    let spent: u64 = given().map(|(ask, layer)| ask.rate(layer)).sum();
    if spent > budget {
        return Some(to_begin(spent));
    }
    let better = given().filter_map(|(ask, layer)| {
        let (_, rate) = ask.better_than(layer)?;
        Some(to_begin(spent - ask.rate(layer) + rate))
    });
    better.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [Option<u64>; 3] = [Some(150_000), Some(500_000), Some(1_700_000)];

    fn ask(best: u8) -> Ask {
        Ask {
            rates: RATES,
            best,
            now: None,
        }
    }

    #[test]
    fn everybody_moves_before_anybody_is_sharp() {
        let two = [ask(2), ask(2)];
        assert_eq!(choose(0, &two), [Some(0), Some(0)]);
        assert_eq!(choose(1_000_000, &two), [Some(1), Some(0)]);
        assert_eq!(choose(1_200_000, &two), [Some(1), Some(1)]);
        assert_eq!(choose(10_000_000, &two), [Some(2), Some(2)]);
    }

    #[test]
    fn nobody_gets_better_than_they_want_or_than_there_is() {
        assert_eq!(choose(u64::MAX / 2, &[ask(0), ask(1)]), [Some(0), Some(1)]);
        let only_high = Ask {
            rates: [None, None, Some(9)],
            best: 0,
            now: None,
        };
        let nothing = Ask {
            rates: [None; 3],
            best: 2,
            now: None,
        };
        assert_eq!(choose(100, &[only_high, nothing]), [Some(2), None]);
    }

    #[test]
    fn a_layer_that_is_just_affordable_is_kept_and_not_begun() {
        let kept = Ask {
            now: Some(1),
            ..ask(1)
        };
        assert_eq!(choose(500_000, &[kept]), [Some(1)]);
        assert_eq!(choose(500_000, &[ask(1)]), [Some(0)]);
    }

    #[test]
    fn what_is_missing_is_the_next_step_for_one_of_them() {
        let two = [ask(2), ask(2)];
        assert_eq!(missing(300_000, &two, &[Some(0), Some(0)]), Some(731_250));
        assert_eq!(missing(700_000, &two, &[Some(1), Some(0)]), Some(1_125_000));
        assert_eq!(missing(4_000_000, &two, &[Some(2), Some(2)]), None);
        assert_eq!(missing(400_000, &[ask(0)], &[Some(0)]), None);
        // Where not even that gets through.
        assert_eq!(missing(100_000, &[ask(0)], &[Some(0)]), Some(168_750));
    }
}
