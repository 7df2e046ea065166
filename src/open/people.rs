//! Who is to come: users of the store, each with a session of their own.

use secrecy::SecretString;

use crate::auth::Sessions;
use crate::config::Project;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::stack::api::session_secret;
use crate::store::{Store, StoreError, User};

/// Those of these names, in their order. Without a name, the only user there is.
pub async fn people(store: &dyn Store, names: &[String]) -> Result<Vec<User>> {
    if names.is_empty() {
        return only(store.users().await.map_err(down)?).map(|user| vec![user]);
    }
    let mut people: Vec<User> = Vec::new();
    for name in names {
        let user = store.user_by_name(name).await.map_err(down)?;
        let user = user.ok_or_else(|| {
            Error::usage(format!("there is no user `{name}`"))
                .hint(format!("urbania user add {name}"))
                .hint("urbania user list")
        })?;
        if people.iter().any(|other| other.id == user.id) {
            return Err(Error::usage(format!("`{name}` is named twice"))
                .hint("one person is in a room once: the second window would end the first"));
        }
        people.push(user);
    }
    Ok(people)
}

fn only(mut users: Vec<User>) -> Result<User> {
    match (users.pop(), users.len()) {
        (Some(user), 0) => Ok(user),
        (None, _) => Err(Error::usage("there are no users yet").hint("urbania user add NAME")),
        (Some(_), _) => {
            Err(Error::usage("there are several users: say who it is to be").hint("--as NAME"))
        }
    }
}

fn down(e: StoreError) -> Error {
    Error::failed("cannot reach the users")
        .because(e)
        .hint("urbania status")
}

/// Gives people sessions, as a login does.
#[derive(Debug)]
pub struct Desk {
    sessions: Sessions,
}

impl Desk {
    /// Of this project.
    pub fn of(project: &Project) -> Result<Self> {
        Ok(Self {
            sessions: Sessions::new(&session_secret(project)?, &[]),
        })
    }

    /// A session that begins now.
    pub fn session(&self, ctx: &Context, user: &User) -> Result<SecretString> {
        self.sessions.issue(user, ctx.clock.unix())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::Sqlite;

    async fn add(store: &Sqlite, name: &str) {
        let user = User {
            id: format!("id of {name}"),
            username: name.into(),
            roles: Vec::new(),
            password_hash: "none".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        store.add_user(&user).await.unwrap();
    }

    #[tokio::test]
    async fn people_are_users_each_once_and_nobody_must_be_named_where_there_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::new(dir.path().join("urbania.db"));
        let asked = async |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            let found = people(&store, &names).await;
            found
                .map(|users| users.into_iter().map(|user| user.username).collect())
                .map_err(|e| e.to_string())
        };
        let said = |what: &str| Err::<Vec<String>, _>(what.to_owned());
        assert_eq!(asked(&[]).await, said("there are no users yet"));
        add(&store, "ada").await;
        assert_eq!(asked(&[]).await, Ok(vec!["ada".to_owned()]));
        add(&store, "bob").await;
        let several = "there are several users: say who it is to be";
        assert_eq!(asked(&[]).await, said(several));
        let both = vec!["bob".to_owned(), "ada".to_owned()];
        assert_eq!(asked(&["bob", "ada"]).await, Ok(both));
        assert_eq!(asked(&["eve"]).await, said("there is no user `eve`"));
        assert_eq!(asked(&["ada", "ada"]).await, said("`ada` is named twice"));
    }
}
