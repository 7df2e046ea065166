//! Who is invited to a room: by id, or by the name that people sign in with.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::api::fields::check_length;
use crate::api::refusal::Refusal;
use crate::auth::Provider;
use crate::store::Store;

/// A longer list of ids is refused.
const MOST: usize = 1_000;

/// A longer list of names is refused: each is looked up.
const MOST_NAMES: usize = 100;

/// Everybody once, in the order given.
pub fn by_id(ids: Vec<Cow<'_, str>>) -> Result<Vec<String>, Refusal> {
    if ids.len() > MOST {
        return Err(too_many("participants", MOST));
    }
    let mut seen = HashSet::new();
    let mut invited = Vec::new();
    for id in ids {
        check_length("an entry of participants", &id)?;
        if seen.insert(id.clone()) {
            invited.push(id.into_owned());
        }
    }
    Ok(invited)
}

/// The ids of those who have these names. Where others than the store say who somebody is, it need not know them:
/// then a name that it does not know is taken for an id.
pub async fn by_name(
    store: &dyn Store,
    provider: Provider,
    names: Vec<Cow<'_, str>>,
) -> Result<Vec<String>, Refusal> {
    if names.len() > MOST_NAMES {
        return Err(too_many("invite", MOST_NAMES));
    }
    let (mut ids, mut nobody) = (Vec::new(), Vec::new());
    for name in names {
        check_length("an entry of invite", &name)?;
        match store.user_by_name(&name).await? {
            Some(user) => ids.push(user.id),
            None if provider == Provider::Local => nobody.push(name),
            None => ids.push(name.into_owned()),
        }
    }
    if nobody.is_empty() {
        Ok(ids)
    } else {
        let why = format!("Nobody is called {}", nobody.join(", "));
        Err(Refusal::BadRequest(why))
    }
}

fn too_many(field: &str, most: usize) -> Refusal {
    Refusal::BadRequest(format!("{field} has more than {most} entries"))
}
