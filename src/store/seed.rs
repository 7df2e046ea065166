//! What a seed file changes in a store: compared first, so that the second time changes nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::{Call, Change, Channel, Club, Meeting, Role, Room, Store, StoreError, User, new_id};
use crate::auth::password::Passwords;
use crate::config::{Seed, SeedChannel, SeedClub, SeedRoom, SeedUser};
use crate::error::Error;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is not there yet.
    Added,
    /// It is there and differs.
    Changed,
    /// It is there as the file has it.
    Unchanged,
}

/// A record of the file.
#[derive(Clone, Debug, Serialize)]
pub struct Planned {
    /// `user`, `channel`, `club` or `room`.
    pub kind: &'static str,
    /// Its name or id.
    pub name: String,
    /// What becomes of it.
    pub action: Action,
}

/// What a file changes.
#[derive(Debug, Default)]
pub struct SeedPlan {
    /// Every record of the file, in its order.
    pub records: Vec<Planned>,
    /// What is to be done.
    pub changes: Vec<Change>,
    /// Members that are no local users, and so are taken as ids.
    pub ids: Vec<String>,
}

/// Why a file cannot be compared with a store.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The store does not say what it has.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password cannot be hashed.
    #[error("cannot hash a password")]
    Password(#[source] Error),
}

/// What is the same for all records.
#[derive(Debug)]
pub struct Planner<'a> {
    /// The store.
    pub store: &'a dyn Store,
    /// Hashes what the file has in the clear.
    pub passwords: Passwords,
    /// When new records are made.
    pub now: Timestamp,
    /// Most participants of a new room; 0: no limit.
    pub max_participants: u32,
}

impl Planner<'_> {
    /// Compares a file with the store; changes nothing.
    pub async fn plan(&self, seed: &Seed) -> Result<SeedPlan, SeedError> {
        let mut plan = SeedPlan::default();
        let stored = self.store.users().await?;
        let mut ids: BTreeMap<String, String> = stored
            .iter()
            .map(|user| (user.username.clone(), user.id.clone()))
            .collect();
        for user in &seed.users {
            let before = stored.iter().find(|u| u.username == user.name);
            let after = self.user(user, before).await?;
            if let Some(after) = &after {
                ids.insert(after.username.clone(), after.id.clone());
            }
            plan.add(
                "user",
                &user.name,
                before.is_some(),
                after.map(Change::User),
            );
        }
        let mut people = People {
            ids,
            strangers: Vec::new(),
        };
        for channel in &seed.channels {
            let after = people.channel(channel);
            let before = self.store.channel(&channel.id).await?;
            let is_there = before.is_some();
            let change = (before.as_ref() != Some(&after)).then_some(Change::Channel(after));
            plan.add("channel", &channel.id, is_there, change);
        }
        for club in &seed.clubs {
            let before = self.store.club(&club.id).await?;
            let after = people.club(club, before.as_ref());
            let is_there = before.is_some();
            let change = (before.as_ref() != Some(&after)).then_some(Change::Club(after));
            plan.add("club", &club.id, is_there, change);
        }
        for room in &seed.rooms {
            let before = self.store.room(&room.name).await?;
            let after = people.room(room, before.as_ref(), self);
            let change = match &before {
                None => Some(Change::NewRoom(after)),
                Some(before) => (*before != after).then_some(Change::Room(after)),
            };
            plan.add("room", &room.name, before.is_some(), change);
        }
        plan.ids = people.strangers;
        Ok(plan)
    }

    /// The user as the file has them; `None` when they are so already.
    async fn user(
        &self,
        user: &SeedUser,
        before: Option<&User>,
    ) -> Result<Option<User>, SeedError> {
        let roles = user.roles.clone();
        let Some(before) = before else {
            return Ok(Some(User {
                id: new_id(self.now),
                username: user.name.clone(),
                roles: roles.unwrap_or_default(),
                password_hash: self.hash(user.password.clone()).await?,
                created_at: millis(self.now),
            }));
        };
        let roles = roles.unwrap_or_else(|| before.roles.clone());
        let mut password_hash = before.password_hash.clone();
        if let Some(password) = &user.password
            && !self.is_password(password, &password_hash).await?
        {
            password_hash = self.hash(Some(password.clone())).await?;
        }
        let is_same = roles == before.roles
            && password_hash.expose_secret() == before.password_hash.expose_secret();
        Ok((!is_same).then(|| User {
            roles,
            password_hash,
            ..before.clone()
        }))
    }

    /// The hash of a password; without one, of one that nobody knows.
    async fn hash(&self, password: Option<SecretString>) -> Result<SecretString, SeedError> {
        let password = password.unwrap_or_else(|| hex(rand::random()).into());
        self.passwords
            .hash(password)
            .await
            .map_err(SeedError::Password)
    }

    async fn is_password(
        &self,
        password: &SecretString,
        hash: &SecretString,
    ) -> Result<bool, SeedError> {
        self.passwords
            .verify(password.clone(), Some(hash.clone()))
            .await
            .map_err(|e| SeedError::Password(Error::failed("cannot check a password").because(e)))
    }
}

impl SeedPlan {
    fn add(&mut self, kind: &'static str, name: &str, is_there: bool, change: Option<Change>) {
        let action = match (&change, is_there) {
            (None, _) => Action::Unchanged,
            (Some(_), true) => Action::Changed,
            (Some(_), false) => Action::Added,
        };
        self.records.push(Planned {
            kind,
            name: name.to_owned(),
            action,
        });
        self.changes.extend(change);
    }
}

/// Turns names of local users into their ids.
struct People {
    ids: BTreeMap<String, String>,
    strangers: Vec<String>,
}

impl People {
    fn id(&mut self, name: &str) -> String {
        if let Some(id) = self.ids.get(name) {
            return id.clone();
        }
        let is_id = self.ids.values().any(|id| id == name);
        if !is_id && !self.strangers.iter().any(|s| s == name) {
            self.strangers.push(name.to_owned());
        }
        name.to_owned()
    }

    /// In order, each once.
    fn ids(&mut self, names: &[String]) -> Vec<String> {
        let mut ids = Vec::new();
        for name in names {
            let id = self.id(name);
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    fn channel(&mut self, channel: &SeedChannel) -> Channel {
        Channel {
            id: channel.id.clone(),
            name: channel.name.clone().unwrap_or_else(|| channel.id.clone()),
            roles: channel
                .roles
                .iter()
                .map(|role| Role {
                    name: role.name.clone(),
                    permissions: role.permissions.clone(),
                    members: self.ids(&role.members),
                })
                .collect(),
        }
    }

    fn club(&mut self, club: &SeedClub, before: Option<&Club>) -> Club {
        Club {
            id: club.id.clone(),
            name: club.name.clone().unwrap_or_else(|| club.id.clone()),
            moderator_id: self.id(&club.moderator),
            members: self.ids(&club.members),
            meeting: before.map_or_else(Meeting::default, |club| club.meeting.clone()),
        }
    }

    /// The room as the file has it; what the file does not say stays.
    fn room(&mut self, room: &SeedRoom, before: Option<&Room>, planner: &Planner<'_>) -> Room {
        let kept = before.cloned();
        let new = || Room {
            name: room.name.clone(),
            created_by: String::new(),
            created_at: millis(planner.now),
            call_type: room.call_type,
            mode: room.mode,
            participants: Vec::new(),
            max_participants: planner.max_participants,
            lobby: None,
            call: Call::default(),
            revision: 0,
        };
        Room {
            created_by: self.id(&room.created_by),
            call_type: room.call_type,
            mode: room.mode,
            participants: self.ids(&room.participants),
            ..kept.unwrap_or_else(new)
        }
    }
}

/// To the millisecond, which is what stores keep.
fn millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}
