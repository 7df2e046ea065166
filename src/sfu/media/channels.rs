//! Data channels: messages wait in a bounded queue while the client is slow.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::channel::{ChannelConfig, ChannelId, Reliability as Sctp};

use crate::sfu::rooms::Reliability;

/// Where more bytes than this wait for one client, those who send them are slowed down.
const MUCH: usize = 1024 * 1024;
/// Bytes that wait for one client at most.
const MOST: usize = 16 * 1024 * 1024;
/// A client for whom much waits and who in this time takes less than so many bytes is put out: what must arrive is not
/// left out silently, and the others do not wait for ever.
const PATIENCE: (Duration, usize) = (Duration::from_secs(8), 128 * 1024);
/// Fewer bytes than this on their way, and more are sent.
const LOW: usize = 64 * 1024;

/// The two channels of LiveKit, and what waits for them.
#[derive(Default)]
pub struct Channels {
    reliable: Option<ChannelId>,
    lossy: Option<ChannelId>,
    waiting: VecDeque<Vec<u8>>,
    size: usize,
    /// Bytes taken, and since when much waits.
    taken: usize,
    since: Option<Instant>,
}

/// A client does not take what must arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl Channels {
    /// As we offer them.
    pub fn configs() -> [(Reliability, ChannelConfig); 2] {
        [
            (
                Reliability::Reliable,
                ChannelConfig {
                    label: "_reliable".to_owned(),
                    ordered: true,
                    ..Default::default()
                },
            ),
            (
                Reliability::Lossy,
                ChannelConfig {
                    label: "_lossy".to_owned(),
                    ordered: false,
                    reliability: Sctp::MaxRetransmits { retransmits: 0 },
                    ..Default::default()
                },
            ),
        ]
    }

    /// A channel is open.
    pub fn opened(&mut self, rtc: &mut Rtc, id: ChannelId, label: &str) {
        match label {
            "_reliable" => {
                self.reliable = Some(id);
                if let Some(mut channel) = rtc.channel(id) {
                    channel.set_buffered_amount_low_threshold(LOW);
                }
            }
            "_lossy" => self.lossy = Some(id),
            _ => {}
        }
    }

    /// What a message on this channel is taken for.
    pub fn reliability(&self, id: ChannelId) -> Option<Reliability> {
        if self.reliable == Some(id) {
            Some(Reliability::Reliable)
        } else {
            (self.lossy == Some(id)).then_some(Reliability::Lossy)
        }
    }

    /// Sends a message, now or later.
    pub fn send(
        &mut self,
        rtc: &mut Rtc,
        reliability: Reliability,
        message: &[u8],
    ) -> Result<(), Overflow> {
        if reliability == Reliability::Lossy {
            // Who has no room for it goes without.
            let _ = self.lossy.is_some_and(|id| write(rtc, id, message));
            return Ok(());
        }
        if self.waiting.is_empty() && self.reliable.is_some_and(|id| write(rtc, id, message)) {
            return Ok(());
        }
        if self.size + message.len() > MOST {
            return Err(Overflow);
        }
        self.size += message.len();
        self.waiting.push_back(message.to_vec());
        Ok(())
    }

    /// Sends what waits, as far as it goes; whether something went.
    pub fn flush(&mut self, rtc: &mut Rtc) -> bool {
        let Some(id) = self.reliable else {
            return false;
        };
        let before = self.waiting.len();
        while let Some(message) = self.waiting.front() {
            if !write(rtc, id, message) {
                break;
            }
            self.size -= message.len();
            self.taken += message.len();
            self.waiting.pop_front();
        }
        self.waiting.len() < before
    }

    /// Whether too much waits.
    pub fn is_full(&self) -> bool {
        self.size > MUCH
    }

    /// Whether much waits, and as good as nothing goes. To be asked from time to time.
    pub fn is_stuck(&mut self, now: Instant) -> bool {
        let (patience, least) = PATIENCE;
        let passed =
            (self.since).map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let is_over = self.is_full() && passed >= patience;
        if is_over && self.taken < least {
            return true;
        }
        if is_over || self.since.is_none() || !self.is_full() {
            (self.since, self.taken) = (self.is_full().then_some(now), 0);
        }
        false
    }
}

/// Whether there was room for it.
fn write(rtc: &mut Rtc, id: ChannelId, message: &[u8]) -> bool {
    let Some(mut channel) = rtc.channel(id) else {
        return false;
    };
    channel.write(true, message).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_must_arrive_waits_until_it_is_too_much_and_what_need_not_never() {
        let mut rtc = Rtc::new(Instant::now());
        let mut channels = Channels::default();
        let message = vec![0; 60_000];
        let fit = MOST / message.len();
        for _ in 0..fit {
            let sent = channels.send(&mut rtc, Reliability::Reliable, &message);
            assert_eq!(sent, Ok(()));
            let sent = channels.send(&mut rtc, Reliability::Lossy, &message);
            assert_eq!(sent, Ok(()));
        }
        assert_eq!((channels.waiting.len(), channels.size), (fit, fit * 60_000));
        let sent = channels.send(&mut rtc, Reliability::Reliable, &message);
        assert_eq!(sent, Err(Overflow));
    }

    /// A client for whom messages of these bytes wait.
    fn waiting_for(bytes: usize) -> Channels {
        Channels {
            size: bytes,
            ..Default::default()
        }
    }

    #[test]
    fn who_takes_as_good_as_nothing_of_much_is_stuck_and_who_takes_some_is_not() {
        let start = Instant::now();
        let (patience, least) = PATIENCE;
        let mut stuck = waiting_for(MUCH + 1);
        let mut slow = waiting_for(MUCH + 1);
        let mut idle = waiting_for(MUCH);
        for (at, is_stuck) in [(0, false), (1, true), (2, true), (3, true)] {
            let now = start + patience * at;
            assert_eq!(stuck.is_stuck(now), is_stuck, "{at}");
            assert!(!slow.is_stuck(now), "{at}");
            assert!(!idle.is_stuck(now), "{at}");
            slow.taken += least;
        }
        assert!(stuck.is_full() && slow.is_full() && !idle.is_full());
        // Who has caught up meanwhile has all the time again.
        slow.size = 0;
        assert!(!slow.is_stuck(start + patience * 9));
        slow.size = MUCH + 1;
        assert!(!slow.is_stuck(start + patience * 20));
        assert!(slow.is_stuck(start + patience * 21));
    }
}
