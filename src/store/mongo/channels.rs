//! Channels in MongoDB: the app's own collection, under its own names.

use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};

use super::super::{Channel, Role, StoreError};
use super::fields::{Fields, document, list_of};
use super::ids;
use crate::config::ChannelNames;

/// The collection of channels.
#[derive(Debug)]
pub struct Channels {
    /// The app's documents.
    pub collection: Collection<Document>,
    /// What the app calls things.
    pub names: ChannelNames,
}

impl Channels {
    /// The channel with this id.
    pub async fn by_id(&self, id: &str) -> Result<Option<Channel>, StoreError> {
        let found = self.collection.find_one(ids::filter(&self.names.id, id));
        let Some(document) = found.await? else {
            return Ok(None);
        };
        let channel = Fields {
            document: &document,
            collection: &self.names.collection,
        };
        let roles = channel.documents(&self.names.roles)?;
        Ok(Some(Channel {
            id: channel.id(&self.names.id)?,
            name: channel.text(&self.names.name)?,
            roles: roles
                .into_iter()
                .map(|role| self.role(role))
                .collect::<Result<_, _>>()?,
        }))
    }

    fn role(&self, role: Fields<'_>) -> Result<Role, StoreError> {
        let names = &self.names;
        Ok(Role {
            name: role.text(&names.role_name)?,
            permissions: role.texts(&names.permissions)?,
            members: role.ids(&names.members, names.member_id.as_deref())?,
        })
    }

    /// Adds a channel, or replaces name and roles of one.
    pub async fn put(&self, channel: &Channel) -> Result<(), StoreError> {
        let names = &self.names;
        let roles = channel.roles.iter().map(|role| {
            Bson::from(document([
                (&names.role_name, role.name.as_str().into()),
                (&names.permissions, role.permissions.clone().into()),
                (
                    &names.members,
                    list_of(&role.members, names.member_id.as_deref()),
                ),
            ]))
        });
        let roles: Vec<Bson> = roles.collect();
        let change = doc! { "$set": { &names.name: &channel.name, &names.roles: roles } };
        let this = ids::filter(&names.id, &channel.id);
        let done = self.collection.update_one(this, change.clone()).await?;
        if done.matched_count == 0 {
            let new = doc! { &names.id: ids::value(&channel.id) };
            self.collection.update_one(new, change).upsert(true).await?;
        }
        Ok(())
    }
}
