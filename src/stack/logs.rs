//! The logs of all services of a project, each line with the service that wrote it.

use std::path::PathBuf;

use futures_util::stream::{self, BoxStream, SelectAll, select_all};
use futures_util::{StreamExt, TryStreamExt};

use super::plan::sort_out;
use super::service::Service;
use super::wanted::instance_name;
use crate::engine::{Engine, Instance, LogLine, LogQuery, lines_of_file};
use crate::error::Result;

/// A line and who wrote it.
pub type Line = Result<(Service, LogLine)>;

/// The logs of `services`, merged: by time when they end, as they come when they are followed.
pub async fn merged(
    engine: Option<&dyn Engine>,
    project: &str,
    instances: &[Instance],
    api_log: PathBuf,
    services: &[Service],
    query: &LogQuery,
) -> Result<BoxStream<'static, Line>> {
    let mut all: SelectAll<BoxStream<'static, Line>> = select_all([]);
    for service in services {
        let service = *service;
        let lines = if service == Service::Api {
            of_api(api_log.clone(), query.clone())
        } else {
            let name = instance_name(project, service);
            let (current, leftovers) = sort_out(service, &name, instances);
            match (engine, current.or_else(|| leftovers.into_iter().next())) {
                (Some(engine), Some(instance)) => engine.logs(&instance.id, query),
                _ => continue,
            }
        };
        all.push(lines.map_ok(move |line| (service, line)).boxed());
    }
    if query.follow {
        return Ok(all.boxed());
    }
    let mut lines: Vec<(Service, LogLine)> = all.try_collect().await?;
    lines.sort_by_key(|(_, line)| line.at);
    Ok(stream::iter(lines).map(Ok).boxed())
}

/// The log of the API, which is a file.
pub fn of_api(log: PathBuf, query: LogQuery) -> BoxStream<'static, Result<LogLine>> {
    // Whoever follows the API's log sees the next one, too.
    lines_of_file(log, query, Box::new(|| true)).boxed()
}
