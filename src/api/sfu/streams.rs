//! How many may listen to events at a time: all of them together, and each of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More streams are refused.
const MOST: usize = 256;
/// More streams of one caller are refused: enough for many tabs, too few to take all.
const MOST_OF_ONE: usize = 16;

/// Who listens how often.
#[derive(Debug, Default)]
pub struct Streams(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_caller: HashMap<String, usize>,
}

/// A stream that is open as long as this is there.
#[derive(Debug)]
pub struct Permit {
    caller: String,
    streams: Arc<Mutex<Open>>,
}

impl Streams {
    /// Room for one more of this caller's, if there is any.
    pub fn permit(&self, caller: &str) -> Option<Permit> {
        let mut open = lock(&self.0);
        let own = open.by_caller.get(caller).copied().unwrap_or_default();
        if open.all >= MOST || own >= MOST_OF_ONE {
            return None;
        }
        open.all += 1;
        open.by_caller.insert(caller.to_owned(), own + 1);
        Some(Permit {
            caller: caller.to_owned(),
            streams: Arc::clone(&self.0),
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = lock(&self.streams);
        open.all -= 1;
        if let Entry::Occupied(mut own) = open.by_caller.entry(std::mem::take(&mut self.caller)) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_and_all_together_take_no_more_than_there_are() {
        let streams = Streams::default();
        let mut open: Vec<Permit> = (0..MOST_OF_ONE)
            .filter_map(|_| streams.permit("ada"))
            .collect();
        assert_eq!(open.len(), MOST_OF_ONE);
        assert!(streams.permit("ada").is_none());
        open.extend((0..MOST).filter_map(|n| streams.permit(&format!("guest {n}"))));
        assert_eq!(open.len(), MOST);
        assert!(streams.permit("bert").is_none());
        open.clear();
        assert!(streams.permit("ada").is_some());
        assert!(lock(&streams.0).by_caller.is_empty());
    }
}
