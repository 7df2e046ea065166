//! One-time links: made by the API that runs, for the people of the store.

use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::error::{Context as _, Error, Result};
use crate::http;

/// An API on this machine answers at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where links are made.
#[derive(Debug)]
pub struct Links {
    client: Client,
    api: String,
}

/// A link that nobody has followed.
#[derive(Debug)]
pub struct Link {
    /// All of it. Whoever has it first is let in.
    pub url: SecretString,
    /// For so long.
    pub good_for: Duration,
}

#[derive(Deserialize)]
struct Made {
    code: SecretString,
    expires_in: u64,
}

impl Links {
    /// Of the API at this address, if it is there.
    pub async fn of(api: &str) -> Result<Self> {
        let client = http::plain(PATIENCE).or_fail(|| "cannot make an HTTP client".into())?;
        let links = Self {
            client,
            api: api.to_owned(),
        };
        let health = links.client.get(format!("{api}/healthz")).send().await;
        match health {
            Ok(answer) if answer.status().is_success() => Ok(links),
            Ok(_) => Err(links.somebody_else()),
            Err(_) => Err(Error::failed(format!("no API answers at `{api}`")).hint("urbania up")),
        }
    }

    /// One for whoever has this session, to a page that browsers find at this address.
    pub async fn make(&self, session: &SecretString, page: &Url) -> Result<Link> {
        let asked = self.client.post(format!("{}/api/auth/links", self.api));
        let asked = asked.bearer_auth(session.expose_secret()).send().await;
        let answer = asked.or_fail(|| format!("the API at `{}` makes no link", self.api))?;
        match answer.status() {
            StatusCode::CREATED => {}
            StatusCode::UNAUTHORIZED => return Err(self.other_secret()),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                return Err(self.somebody_else());
            }
            status => {
                let message = format!(
                    "the API at `{}` makes no link: it answers {status}",
                    self.api
                );
                return Err(Error::failed(message).hint("urbania logs api"));
            }
        }
        let made: Made =
            (answer.json().await).or_fail(|| "the API's link cannot be read".into())?;
        Ok(Link {
            url: with_code(page, &made.code),
            good_for: Duration::from_secs(made.expires_in),
        })
    }

    fn somebody_else(&self) -> Error {
        Error::failed(format!(
            "what answers at `{}` is not this urbania",
            self.api
        ))
        .hint("urbania status")
        .hint("urbania restart api   when it is an older one")
    }

    fn other_secret(&self) -> Error {
        let message = format!(
            "the API at `{}` does not believe this project's sessions",
            self.api
        );
        Error::failed(message)
            .hint("urbania restart api   after a change of URBANIA_SESSION_SECRET")
            .hint("urbania status --all   when it is that of another project")
    }
}

/// The page where a room is entered, or all meetings.
pub fn page(base: &str, page: &str, room: Option<&str>) -> Result<Url> {
    let mut url = Url::parse(base).or_fail(|| format!("`{base}` is no address"))?;
    if let Some(room) = room {
        url.set_path(page);
        url.query_pairs_mut().append_pair("room", room);
    }
    Ok(url)
}

fn with_code(page: &Url, code: &SecretString) -> SecretString {
    let mut url = page.clone();
    url.set_fragment(Some(&format!("code={}", code.expose_secret())));
    String::from(url).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_in_the_fragment_and_a_room_can_have_any_name() {
        let link = |room| {
            let page = page("https://192.168.1.7:8443", "/meeting/room", room).unwrap();
            let link = with_code(&page, &"a-b_c".into());
            link.expose_secret().to_owned()
        };
        assert_eq!(link(None), "https://192.168.1.7:8443/#code=a-b_c");
        assert_eq!(
            link(Some("a & b#c")),
            "https://192.168.1.7:8443/meeting/room?room=a+%26+b%23c#code=a-b_c"
        );
    }
}
