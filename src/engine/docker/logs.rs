//! A container's log as lines.

use bollard::Docker as Client;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::failure::explained;
use crate::engine::{LogLine, LogQuery};
use crate::error::Result;

/// The log as it is asked for; ends with the container when followed.
pub fn stream(client: &Client, id: &str, query: &LogQuery) -> BoxStream<'static, Result<LogLine>> {
    let mut options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .timestamps(true)
        .follow(query.follow);
    if let Some(tail) = query.tail {
        options = options.tail(&tail.to_string());
    }
    if let Some(since) = query.since {
        options = options.since(i32::try_from(since.as_second()).unwrap_or(i32::MAX));
    }
    let since = query.since;
    client
        .logs(id, Some(options.build()))
        .flat_map(|piece| {
            let lines = match piece {
                Ok(piece) => lines(&String::from_utf8_lossy(&piece.into_bytes())),
                Err(e) => vec![Err(explained("cannot read the log".into(), e))],
            };
            stream::iter(lines)
        })
        .filter(move |line| {
            let old = matches!((line, since), (Ok(LogLine { at: Some(at), .. }), Some(since)) if *at < since);
            std::future::ready(!old)
        })
        .boxed()
}

/// The engine puts the time in front of each line.
fn lines(piece: &str) -> Vec<Result<LogLine>> {
    piece
        .trim_end_matches('\n')
        .split('\n')
        .map(|line| {
            let line = line.trim_end_matches('\r');
            let (at, text) = line.split_once(' ').unwrap_or((line, ""));
            Ok(match at.parse() {
                Ok(at) => LogLine {
                    at: Some(at),
                    text: text.to_owned(),
                },
                Err(_) => LogLine {
                    at: None,
                    text: line.to_owned(),
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_front_of_a_line_is_taken_off() {
        let found: Vec<LogLine> =
            lines("2026-11-21T11:34:02.509524215Z starting LiveKit\r\nno time\n")
                .into_iter()
                .map(Result::unwrap)
                .collect();
        assert_eq!(found[0].text, "starting LiveKit");
        assert_eq!(
            found[0].at,
            Some("2026-11-21T11:34:02.509524215Z".parse().unwrap())
        );
        assert_eq!(found[1].text, "no time");
        assert_eq!(found[1].at, None);
    }
}
