//! Messages that wait for a client. Their number and their bytes are bounded: who does not read is put out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use tokio::sync::Notify;

/// So many messages wait.
const MESSAGES: usize = 512;
/// So many bytes wait behind the first message, which may be of any length: what a newcomer is told of a room is.
const BYTES: usize = 4 * 1024 * 1024;

/// A message as it is sent; copies share it.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The message.
    pub bytes: Bytes,
    /// What it says is so now of this; an earlier one that says the same of it need not be sent.
    pub about: Option<Arc<str>>,
}

/// Where messages are put.
pub struct Outbox(Arc<Shared>);

/// Where they are taken.
pub struct Letters(Arc<Shared>);

/// There are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    news: Notify,
}

#[derive(Default)]
struct Queue {
    letters: VecDeque<Letter>,
    is_over: bool,
}

/// Both ends.
pub fn outbox() -> (Outbox, Letters) {
    let shared = Arc::<Shared>::default();
    (Outbox(shared.clone()), Letters(shared))
}

impl Outbox {
    /// Puts one more.
    pub fn put(&self, letter: Letter) -> Result<(), Full> {
        self.0.queue().put(letter)?;
        self.0.news.notify_one();
        Ok(())
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.0.queue().is_over = true;
        self.0.news.notify_one();
    }
}

impl Letters {
    /// The next one; nothing, once all is said.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            {
                let mut queue = self.0.queue();
                match queue.letters.pop_front() {
                    Some(letter) => return Some(letter.bytes),
                    None if queue.is_over => return None,
                    None => {}
                }
            }
            self.0.news.notified().await;
        }
    }

    /// The next one, if it is there.
    #[cfg(any(test, fuzzing))]
    pub fn at_once(&mut self) -> Option<Bytes> {
        Some(self.0.queue().letters.pop_front()?.bytes)
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn put(&mut self, letter: Letter) -> Result<(), Full> {
        // Only among the last ones: what was said in between would else come after what it led to.
        let mut last = self.letters.iter_mut().rev();
        let last = last.by_ref().take_while(|waiting| waiting.about.is_some());
        let mut outdated = last.filter(|waiting| waiting.about == letter.about);
        match outdated.next() {
            Some(outdated) => *outdated = letter,
            None => self.letters.push_back(letter),
        }
        let waiting = self.letters.iter().skip(1);
        let bytes: usize = waiting.map(|letter| letter.bytes.len()).sum();
        if bytes > BYTES || self.letters.len() > MESSAGES {
            return Err(Full);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(length: usize, about: Option<&str>) -> Letter {
        Letter {
            bytes: vec![0; length].into(),
            about: about.map(Into::into),
        }
    }

    fn lengths(letters: &mut Letters) -> Vec<usize> {
        let all = std::iter::from_fn(|| letters.at_once());
        all.map(|bytes| bytes.len()).collect()
    }

    #[test]
    fn neither_many_messages_nor_long_ones_wait() {
        for (length, most) in [(1, MESSAGES), (BYTES / 8, 9), (BYTES, 2), (BYTES + 1, 1)] {
            let (outbox, _letters) = outbox();
            let taken = (0..).take_while(|_| outbox.put(letter(length, None)).is_ok());
            assert_eq!(taken.count(), most, "{length}");
        }
    }

    #[test]
    fn of_what_is_so_now_only_the_newest_waits() {
        let (outbox, mut letters) = outbox();
        for (length, about) in [
            (1, Some("anna")),
            (2, None),
            (3, Some("anna")),
            (4, Some("bert")),
            (5, Some("anna")),
        ] {
            outbox.put(letter(length, about)).unwrap();
        }
        assert_eq!(lengths(&mut letters), [1, 2, 5, 4]);
    }

    #[tokio::test]
    async fn all_that_was_said_arrives_before_the_end() {
        let (outbox, mut letters) = outbox();
        outbox.put(letter(7, None)).unwrap();
        drop(outbox);
        assert_eq!(letters.next().await.map(|bytes| bytes.len()), Some(7));
        assert_eq!(letters.next().await, None);
    }
}
