//! The logs of all services of a project, each line with the service that wrote it.

use std::collections::VecDeque;
use std::io::SeekFrom;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, SelectAll, select_all};
use futures_util::{Stream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::sleep;

use super::plan::sort_out;
use super::service::Service;
use super::wanted::container_name;
use crate::engine::{Engine, Instance, LogLine, LogQuery};
use crate::error::{Context as _, Result};

/// How soon a new line of a file is seen.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A file is read in pieces of this size.
const PIECE: usize = 64 * 1024;

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
            file(api_log.clone(), query.clone()).boxed()
        } else {
            let name = container_name(project, service);
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

/// The lines of a log file that has a time in front of each line, or of the one before.
fn file(path: PathBuf, query: LogQuery) -> impl Stream<Item = Result<LogLine>> + Send {
    let reader = Reader {
        path,
        query,
        file: None,
        rest: Vec::new(),
        ready: VecDeque::new(),
        last: None,
        begun: false,
    };
    stream::try_unfold(reader, |mut reader| async move {
        Ok(reader.next().await?.map(|line| (line, reader)))
    })
}

/// Reads a file line by line, also what is added to it later.
struct Reader {
    path: PathBuf,
    query: LogQuery,
    file: Option<File>,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    ready: VecDeque<LogLine>,
    last: Option<Timestamp>,
    begun: bool,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<LogLine>> {
        loop {
            if !self.begun {
                self.read_all().await?;
                self.begun = true;
                let drop = self
                    .ready
                    .len()
                    .saturating_sub(self.query.tail.unwrap_or(usize::MAX));
                self.ready.drain(..drop);
            }
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            if !self.query.follow {
                return Ok(None);
            }
            sleep(LOOK_AGAIN).await;
            self.read_all().await?;
        }
    }

    /// Reads what there is now. A file that was cut off is read from its beginning.
    async fn read_all(&mut self) -> Result<()> {
        let failed = || format!("cannot read `{}`", self.path.display());
        if self.file.is_none() {
            match File::open(&self.path).await {
                Ok(file) => self.file = Some(file),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                Err(e) => return Err(e).or_fail(failed),
            }
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let length = file.metadata().await.or_fail(failed)?.len();
        if length < file.stream_position().await.or_fail(failed)? {
            file.seek(SeekFrom::Start(0)).await.or_fail(failed)?;
        }
        let mut piece = vec![0; PIECE];
        let mut lines = Vec::new();
        loop {
            let n = file.read(&mut piece).await.or_fail(failed)?;
            if n == 0 {
                break;
            }
            self.rest.extend_from_slice(&piece[..n]);
            while let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
        }
        for line in lines {
            self.take(&line);
        }
        Ok(())
    }

    fn take(&mut self, line: &str) {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let text = match first.parse() {
            Ok(at) => {
                self.last = Some(at);
                rest
            }
            Err(_) => line,
        };
        if self
            .query
            .since
            .is_some_and(|since| self.last.is_none_or(|at| at < since))
        {
            return;
        }
        self.ready.push_back(LogLine {
            at: self.last,
            text: text.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn write(path: &std::path::Path, text: &str) {
        let mut file = std::fs::File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    async fn texts(path: &std::path::Path, query: LogQuery) -> Vec<String> {
        let lines: Vec<LogLine> = file(path.into(), query).try_collect().await.unwrap();
        lines.into_iter().map(|l| l.text).collect()
    }

    #[tokio::test]
    async fn a_file_is_read_from_a_time_on_or_from_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("api.log");
        write(
            &log,
            "2026-01-01T00:00:00Z one\n  more of one\n2026-01-01T00:01:00Z two\n",
        );
        assert_eq!(
            texts(&log, LogQuery::default()).await,
            ["one", "  more of one", "two"]
        );
        let since = Some("2026-01-01T00:00:30Z".parse().unwrap());
        assert_eq!(
            texts(
                &log,
                LogQuery {
                    since,
                    ..LogQuery::default()
                }
            )
            .await,
            ["two"]
        );
        let tail = Some(1);
        assert_eq!(
            texts(
                &log,
                LogQuery {
                    tail,
                    ..LogQuery::default()
                }
            )
            .await,
            ["two"]
        );
    }

    #[tokio::test]
    async fn a_followed_file_gives_lines_when_they_are_whole() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("api.log");
        let query = LogQuery {
            follow: true,
            ..LogQuery::default()
        };
        let mut lines = Box::pin(file(log.clone(), query));
        write(&log, "one\ntw");
        assert_eq!(lines.next().await.unwrap().unwrap().text, "one");
        write(&log, "o\n");
        assert_eq!(lines.next().await.unwrap().unwrap().text, "two");
    }
}
