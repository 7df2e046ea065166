//! One-time links: a session on its way to another browser of the same person. In memory alone: a restart spends
//! them all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

/// How long a link waits to be followed: as long as it takes to find the phone.
pub const TTL: Duration = Duration::from_mins(5);

/// More do not wait, and not more of one person: the oldest makes room.
const MOST: usize = 1_000;
const MOST_OF_ONE: usize = 8;

/// Links that nobody has followed yet, by their codes, which are secrets.
#[derive(Default)]
pub struct Links(Mutex<HashMap<String, Waiting>>);

struct Waiting {
    who: String,
    handed: Handed,
    until: Instant,
}

/// What a link leads to: the session of who made it.
#[derive(Clone, Debug)]
pub struct Handed {
    session: SecretString,
    /// When it expires, in seconds since 1970.
    pub expires_at: u64,
}

impl Links {
    /// The code of a new link; `None` while too many wait.
    pub fn make(&self, who: &str, handed: Handed) -> Option<SecretString> {
        self.make_at(Instant::now(), who, handed)
    }

    /// What a link leads to, once.
    pub fn follow(&self, code: &str) -> Option<Handed> {
        self.follow_at(Instant::now(), code)
    }

    fn make_at(&self, now: Instant, who: &str, handed: Handed) -> Option<SecretString> {
        let code = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        self.with(|links| {
            links.retain(|_, link| now < link.until);
            make_room(links, who);
            if links.len() >= MOST {
                return None;
            }
            let waiting = Waiting {
                who: who.to_owned(),
                handed,
                until: now + TTL,
            };
            links.insert(code.clone(), waiting);
            Some(code.into())
        })
    }

    fn follow_at(&self, now: Instant, code: &str) -> Option<Handed> {
        let link = self.with(|links| links.remove(code))?;
        (now < link.until).then_some(link.handed)
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Waiting>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// For one more of the same person.
fn make_room(links: &mut HashMap<String, Waiting>, who: &str) {
    let own = links.iter().filter(|(_, link)| link.who == who);
    let mut own: Vec<_> = own.map(|(code, link)| (link.until, code.clone())).collect();
    if own.len() < MOST_OF_ONE {
        return;
    }
    own.sort();
    for (_, code) in own.drain(..=own.len() - MOST_OF_ONE) {
        links.remove(&code);
    }
}

impl Handed {
    /// A session and when it expires.
    pub fn of(session: &str, expires_at: u64) -> Self {
        Self {
            session: session.into(),
            expires_at,
        }
    }

    /// The session itself.
    pub fn reveal(&self) -> &str {
        self.session.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(links: &Links, now: Instant, who: &str) -> String {
        let code = links.make_at(now, who, Handed::of(who, 7)).unwrap();
        code.expose_secret().to_owned()
    }

    fn followed(links: &Links, now: Instant, code: &str) -> Option<String> {
        let handed = links.follow_at(now, code)?;
        Some(handed.reveal().to_owned())
    }

    #[test]
    fn a_link_is_good_once_and_not_for_long() {
        let (links, now) = (Links::default(), Instant::now());
        let code = made(&links, now, "ada");
        assert_eq!(code.len(), 22);
        assert_eq!(followed(&links, now, "something else"), None);
        assert_eq!(followed(&links, now, &code).as_deref(), Some("ada"));
        assert_eq!(followed(&links, now, &code), None);

        let code = made(&links, now, "ada");
        let just = now + TTL.checked_sub(Duration::from_millis(1)).unwrap();
        assert_eq!(followed(&links, just, &code).as_deref(), Some("ada"));
        let late = made(&links, now, "ada");
        assert_eq!(followed(&links, now + TTL, &late), None);
        assert_eq!(followed(&links, now, &late), None, "one try is all");
    }

    #[test]
    fn one_person_has_few_and_nobody_keeps_the_others_out() {
        let (links, now) = (Links::default(), Instant::now());
        let bobs = made(&links, now, "bob");
        let after = |n: usize| now + Duration::from_millis(n as u64);
        let codes: Vec<_> = (0..3 * MOST_OF_ONE)
            .map(|n| made(&links, after(n), "ada"))
            .collect();
        let alive = codes.iter().rev();
        let alive = alive.take_while(|code| followed(&links, now, code).is_some());
        assert_eq!(alive.count(), MOST_OF_ONE);
        assert!(followed(&links, now, &bobs).is_some());
    }

    #[test]
    fn no_more_wait_than_there_is_room_for_until_they_expire() {
        let (links, now) = (Links::default(), Instant::now());
        for n in 0..MOST {
            made(&links, now, &n.to_string());
        }
        assert!(links.make_at(now, "ada", Handed::of("ada", 7)).is_none());
        made(&links, now + TTL, "ada");
        assert_eq!(links.with(|links| links.len()), 1);
    }
}
