//! Channels.

use urbania::store::{Channel, Role};

use super::{ODD, longest};
use crate::support::store::on_both;

fn role(name: &str, members: &[&str]) -> Role {
    Role {
        name: name.into(),
        permissions: vec!["JOIN_CHANNEL".into(), "$weird.".into()],
        members: members.iter().map(ToString::to_string).collect(),
    }
}

#[tokio::test]
async fn channels_are_kept_under_their_id_with_all_their_roles() {
    on_both(async |store| {
        for id in ODD.iter().map(ToString::to_string).chain([longest()]) {
            assert_eq!(store.channel(&id).await.unwrap(), None);
            let mut channel = Channel {
                name: format!("the channel {id}"),
                roles: vec![role("member", &ODD), role("empty", &[])],
                id: id.clone(),
            };
            store.put_channel(&channel).await.unwrap();
            assert_eq!(store.channel(&id).await.unwrap().as_ref(), Some(&channel));
            channel.roles.remove(0);
            channel.name = String::new();
            store.put_channel(&channel).await.unwrap();
            assert_eq!(store.channel(&id).await.unwrap(), Some(channel));
        }
    })
    .await;
}
