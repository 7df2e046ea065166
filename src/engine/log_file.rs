//! The lines of a log file, also of the one that it was before it was turned over.

use std::collections::VecDeque;
use std::io::{ErrorKind, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{Stream, stream};
use jiff::Timestamp;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::sleep;

use crate::engine::{LogLine, LogQuery};
use crate::error::{Context as _, Result};
use crate::host::log_file::before;

/// How soon a new line of a file is seen.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A file is read in pieces of this size.
const PIECE: usize = 64 * 1024;

/// Whether whoever writes a log still does.
type Writes = Box<dyn Fn() -> bool + Send>;

/// The lines of a log that has a time in front of each line, or of the one before. Who follows it is
/// told of new lines for as long as `writes`.
pub fn lines(
    path: PathBuf,
    query: LogQuery,
    writes: Writes,
) -> impl Stream<Item = Result<LogLine>> + Send {
    let reader = Reader {
        path,
        query,
        writes,
        file: None,
        rest: Vec::new(),
        ready: VecDeque::new(),
        last: None,
        written: None,
        begun: false,
    };
    stream::try_unfold(reader, |mut reader| async move {
        Ok(reader.next().await?.map(|line| (line, reader)))
    })
}

/// Reads a log line by line, also what is added to it later.
struct Reader {
    path: PathBuf,
    query: LogQuery,
    writes: Writes,
    file: Option<File>,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    ready: VecDeque<LogLine>,
    last: Option<Timestamp>,
    /// When the file was written to for the last time: no line of it is newer.
    written: Option<Timestamp>,
    begun: bool,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<LogLine>> {
        loop {
            if !self.begun {
                self.begin().await?;
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
            // In this order: the last words come before the end.
            let writes = (self.writes)();
            if writes {
                sleep(LOOK_AGAIN).await;
            }
            self.read_on().await?;
            if !writes && self.ready.is_empty() {
                return Ok(None);
            }
        }
    }

    /// Reads the file before, then this one.
    async fn begin(&mut self) -> Result<()> {
        // In this order: when the log is turned over just now, both are the same one.
        let current = open(&self.path).await?;
        let older = open(&before(&self.path)).await?;
        let older_is_another =
            identity(older.as_ref()).await? != identity(current.as_ref()).await?;
        if older_is_another {
            self.file = older;
            self.read_file().await?;
        }
        self.file = current;
        self.read_on().await
    }

    /// Reads what is new, at last in the file that has the name now.
    async fn read_on(&mut self) -> Result<()> {
        self.read_file().await?;
        let current = open(&self.path).await?;
        let now = identity(current.as_ref()).await?;
        if now.is_some() && now != identity(self.file.as_ref()).await? {
            // What was written before the log was turned over, and after the look above.
            self.read_file().await?;
            self.file = current;
            self.read_file().await?;
        }
        Ok(())
    }

    /// Reads what there is now. A file that was cut off is read from its beginning.
    async fn read_file(&mut self) -> Result<()> {
        let failed = || unreadable(&self.path);
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let metadata = file.metadata().await.or_fail(failed)?;
        self.written = Timestamp::try_from(metadata.modified().or_fail(failed)?).ok();
        if metadata.len() < file.stream_position().await.or_fail(failed)? {
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
        let (at, text) = stamped(line);
        self.last = at.or(self.last);
        // A line of which nobody knows the time is shown where it may be new.
        let newest = self.last.or(self.written);
        let is_older = |since| newest.is_some_and(|at| at < since);
        if self.query.since.is_some_and(is_older) {
            return;
        }
        self.ready.push_back(LogLine {
            at: self.last,
            text: text.to_owned(),
        });
    }
}

/// The time in front of a line and the rest, as we and LiveKit write them; MongoDB's lines are JSON that
/// begins with the time, and stay whole.
fn stamped(line: &str) -> (Option<Timestamp>, &str) {
    if let Some(json) = line.strip_prefix("{\"t\":{\"$date\":\"") {
        let at = json.split_once('"').and_then(|(at, _)| at.parse().ok());
        return (at, line);
    }
    let (first, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    match first.parse() {
        Ok(at) => (Some(at), rest),
        Err(_) => (None, line),
    }
}

/// The file, if it is there.
async fn open(path: &Path) -> Result<Option<File>> {
    match File::open(path).await {
        Ok(file) => Ok(Some(file)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).or_fail(|| unreadable(path)),
    }
}

/// What tells a file from another one of the same name.
async fn identity(file: Option<&File>) -> Result<Option<(u64, u64)>> {
    let Some(file) = file else { return Ok(None) };
    let metadata = file.metadata().await;
    let metadata = metadata.or_fail(|| "cannot tell which file a log is".into())?;
    Ok(Some((metadata.dev(), metadata.ino())))
}

fn unreadable(path: &Path) -> String {
    format!("cannot read `{}`", path.display())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use futures_util::{StreamExt as _, TryStreamExt as _};

    use super::*;

    fn write(path: &Path, text: &str) {
        let mut file = std::fs::File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn forever() -> Writes {
        Box::new(|| true)
    }

    async fn texts(path: &Path, query: LogQuery) -> Vec<String> {
        let found: Vec<LogLine> = lines(path.into(), query, forever())
            .try_collect()
            .await
            .unwrap();
        found.into_iter().map(|l| l.text).collect()
    }

    #[tokio::test]
    async fn a_line_without_a_time_is_no_newer_than_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("api.log");
        write(&log, "listening\n");
        for (since, expected) in [
            ("2026-01-01T00:00:00Z", &["listening"][..]),
            ("2226-01-01T00:00:00Z", &[]),
        ] {
            let since = Some(since.parse().unwrap());
            let query = LogQuery {
                since,
                ..LogQuery::default()
            };
            assert_eq!(texts(&log, query).await, expected);
        }
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

    #[test]
    fn the_time_of_a_line_is_told_whoever_wrote_it() {
        let at = "2026-01-01T00:00:00.5Z".parse().ok();
        for (line, expected) in [
            ("2026-01-01T00:00:00.5Z listening", (at, "listening")),
            (
                "2026-01-01T00:00:00.500Z\tINFO\tlivekit",
                (at, "INFO\tlivekit"),
            ),
            ("2026-01-01T01:00:00.500+0100\tINFO", (at, "INFO")),
            ("could not listen", (None, "could not listen")),
        ] {
            assert_eq!(stamped(line), expected);
        }
        let mongodb = r#"{"t":{"$date":"2026-01-01T00:00:00.500+00:00"},"s":"I"}"#;
        assert_eq!(stamped(mongodb), (at, mongodb));
    }

    #[tokio::test]
    async fn a_followed_file_ends_with_its_writer_and_after_its_last_words() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        write(&log, "one\n");
        let query = LogQuery {
            follow: true,
            ..LogQuery::default()
        };
        let (somebody, path) = (std::sync::Arc::new(()), log.clone());
        let seen = std::sync::Arc::downgrade(&somebody);
        let writes: Writes = Box::new(move || seen.strong_count() > 0);
        let mut lines = Box::pin(lines(log, query, writes));
        assert_eq!(lines.next().await.unwrap().unwrap().text, "one");
        write(&path, "two\n");
        drop(somebody);
        assert_eq!(lines.next().await.unwrap().unwrap().text, "two");
        assert!(lines.next().await.is_none());
    }

    #[tokio::test]
    async fn a_followed_file_gives_lines_when_they_are_whole() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("api.log");
        let query = LogQuery {
            follow: true,
            ..LogQuery::default()
        };
        let mut lines = Box::pin(lines(log.clone(), query, forever()));
        write(&log, "one\ntw");
        assert_eq!(lines.next().await.unwrap().unwrap().text, "one");
        write(&log, "o\n");
        assert_eq!(lines.next().await.unwrap().unwrap().text, "two");
    }

    #[tokio::test]
    async fn a_log_that_is_turned_over_is_read_to_its_end_and_from_its_new_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("api.log");
        write(&before(&log), "one\n");
        write(&log, "two\n");
        assert_eq!(texts(&log, LogQuery::default()).await, ["one", "two"]);
        let query = LogQuery {
            follow: true,
            tail: Some(1),
            since: None,
        };
        let mut followed = Box::pin(lines(log.clone(), query, forever()));
        assert_eq!(followed.next().await.unwrap().unwrap().text, "two");
        write(&log, "three\n");
        std::fs::rename(&log, before(&log)).unwrap();
        write(&log, "four\n");
        for text in ["three", "four"] {
            assert_eq!(followed.next().await.unwrap().unwrap().text, text);
        }
        std::fs::rename(&log, before(&log)).unwrap();
        write(&before(&log), "five\n");
        assert_eq!(followed.next().await.unwrap().unwrap().text, "five");
        write(&log, "six\n");
        assert_eq!(followed.next().await.unwrap().unwrap().text, "six");
    }
}
