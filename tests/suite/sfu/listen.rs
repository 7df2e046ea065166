//! A listener of `/api/livekit/events`.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use crate::support::api::Api;

/// An event as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

impl Heard {
    /// The name and the identity that it is about.
    pub fn short(&self) -> (&str, &str) {
        let identity = self.data["participant"]["identity"].as_str();
        (&self.name, identity.unwrap_or_default())
    }

    /// The names of the rooms of a snapshot.
    pub fn rooms(&self) -> Vec<&str> {
        assert_eq!(self.name, "snapshot");
        let rooms = self.data["rooms"].as_array().unwrap().iter();
        rooms.map(|room| room["room"].as_str().unwrap()).collect()
    }
}

/// A stream that is listened to.
pub struct Listening {
    answer: Response,
    text: String,
}

impl Listening {
    /// Opens a stream; `query` begins with `?` or is empty.
    pub async fn to(api: &Api, session: &str, query: &str) -> Self {
        Self::at(
            api.request("GET", &format!("/api/livekit/events{query}"))
                .bearer_auth(session),
        )
        .await
    }

    /// Opens the stream of a request.
    pub async fn at(request: reqwest::RequestBuilder) -> Self {
        let request = request.timeout(Duration::from_mins(5));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            answer,
            text: String::new(),
        }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let heard = parse(block);
                self.text = rest.into();
                match heard {
                    Some(heard) => return Some(heard),
                    None => continue,
                }
            }
            let chunk = timeout(Duration::from_secs(20), self.answer.chunk()).await;
            let chunk = chunk.expect("an event in time").ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event of a stream that goes on.
    pub async fn heard(&mut self) -> Heard {
        self.next().await.expect("the stream goes on")
    }

    /// The first event from now on that is meant.
    pub async fn until(&mut self, meant: impl Fn(&Heard) -> bool) -> Heard {
        loop {
            let heard = self.heard().await;
            if meant(&heard) {
                return heard;
            }
        }
    }
}

/// `None` for a comment: a sign of life.
fn parse(block: &str) -> Option<Heard> {
    let field = |name: &str| {
        let mut lines = block.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    Some(Heard {
        name: field("event")?.to_owned(),
        data: serde_json::from_str(field("data")?).unwrap(),
    })
}
