//! Data channels: messages wait in a bounded queue while the client is slow.

use std::collections::VecDeque;

use str0m::Rtc;
use str0m::channel::{ChannelConfig, ChannelId, Reliability as Sctp};

use crate::sfu::rooms::Reliability;

/// Bytes that wait for one client; what comes then is lost to it.
const MOST: usize = 4 * 1024 * 1024;

/// The two channels of LiveKit, and what waits for them.
#[derive(Default)]
pub struct Channels {
    reliable: Option<ChannelId>,
    lossy: Option<ChannelId>,
    waiting: VecDeque<Vec<u8>>,
    size: usize,
}

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
    pub fn opened(&mut self, id: ChannelId, label: &str) {
        match label {
            "_reliable" => self.reliable = Some(id),
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

    /// Sends a message, now or later; `false` if it is lost.
    pub fn send(&mut self, rtc: &mut Rtc, reliability: Reliability, message: &[u8]) -> bool {
        if reliability == Reliability::Lossy {
            return self.lossy.is_some_and(|id| write(rtc, id, message));
        }
        if self.waiting.is_empty() && self.reliable.is_some_and(|id| write(rtc, id, message)) {
            return true;
        }
        if self.size + message.len() > MOST {
            return false;
        }
        self.size += message.len();
        self.waiting.push_back(message.to_vec());
        true
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
            self.waiting.pop_front();
        }
        self.waiting.len() < before
    }
}

/// Whether there was room for it.
fn write(rtc: &mut Rtc, id: ChannelId, message: &[u8]) -> bool {
    let Some(mut channel) = rtc.channel(id) else {
        return false;
    };
    channel.write(true, message).unwrap_or(false)
}
