//! What containers that are not ours have in their environment.

use bollard::Docker as Client;
use bollard::models::ContainerSummary;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::failure::{Explain as _, missing};
use crate::engine::{Environment, LABEL_PROJECT};
use crate::error::Result;

/// Where Compose says which folder a container is of.
const COMPOSE_DIR: &str = "com.docker.compose.project.working_dir";
/// More containers are not looked at.
const MOST: usize = 100;
const AT_ONCE: usize = 8;

pub(super) async fn all(client: &Client, names: &[&str]) -> Result<Vec<Environment>> {
    let list = client.list_containers(None).await;
    let list = list.explain(|| "cannot list containers".into())?;
    let is_foreign = |found: &ContainerSummary| {
        let labels = found.labels.as_ref();
        labels.is_none_or(|labels| !labels.contains_key(LABEL_PROJECT))
    };
    let foreign = list.into_iter().filter(is_foreign).take(MOST);
    let looks = foreign.map(|found| one(client, found, names));
    let found: Vec<_> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn one(
    client: &Client,
    found: ContainerSummary,
    names: &[&str],
) -> Result<Option<Environment>> {
    let (Some(id), labels) = (found.id, found.labels.unwrap_or_default()) else {
        return Ok(None);
    };
    let env = match client.inspect_container(&id, None).await {
        Ok(found) => found.config.and_then(|config| config.env),
        Err(e) if missing(&e) => None,
        Err(e) => return Err(e).explain(|| format!("cannot inspect container {id}")),
    };
    let env = env.unwrap_or_default();
    let wanted = env.iter().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let is_wanted = names.contains(&name) && !value.is_empty();
        is_wanted.then(|| (name.to_owned(), value.into()))
    });
    let variables: std::collections::BTreeMap<_, _> = wanted.collect();
    let name = found.names.and_then(|names| names.into_iter().next());
    Ok((!variables.is_empty()).then(|| Environment {
        name: name.unwrap_or(id).trim_start_matches('/').to_owned(),
        dir: labels.get(COMPOSE_DIR).map(Into::into),
        variables,
    }))
}
