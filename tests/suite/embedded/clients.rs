//! LiveKit's clients of every kind and of several years, and its SDKs for servers.

use std::path::Path;

use futures_util::future::join_all;
use serde_json::{Value, json};
use urbania::livekit::grants::VideoGrant;

use super::{Connections, connect_as, token, token_with};
use crate::sfu::followed::until_published;
use crate::support::browser::{Participant, Report, until_seen_and_heard};
use crate::support::native::{Language, Native, python};
use crate::support::page_server::{CLIENTS, NEWEST, PageServer};
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};
use crate::support::until::until;

on_both_sfus!(
    publishers_hear_that_somebody_has_their_tracks,
    six_with_clients_of_every_kind_and_age_see_hear_and_read_each_other,
    official_sdks_make_change_and_end_rooms,
);

enum Client {
    Page(Box<Participant>),
    Native(Box<Native>),
}

impl Client {
    async fn report(&self) -> Report {
        match self {
            Self::Page(page) => page.report().await,
            Self::Native(native) => native.report().await,
        }
    }

    async fn say(&self, text: &str) {
        match self {
            Self::Page(page) => page.say(text, true, None).await,
            Self::Native(native) => native.say(text).await,
        }
    }

    async fn heard(&self) -> Vec<(String, String)> {
        match self {
            Self::Page(page) => page.heard().await,
            Self::Native(native) => native.heard().await,
        }
    }

    async fn close(self) {
        match self {
            Self::Page(page) => page.close().await,
            Self::Native(native) => native.close().await,
        }
    }
}

/// Somebody in the room.
struct Member {
    name: &'static str,
    code: u8,
    hertz: u32,
    client: Client,
}

impl Member {
    /// In a browser with this version of the client.
    async fn page(
        sfu: &TestSfu,
        pages: &PageServer,
        client: &str,
        (name, code, hertz): (&'static str, u8, u32),
    ) -> Self {
        let page = Participant::open_with(pages, client).await;
        // Those before the newest know of two connections alone, or prefer them.
        let connections = if client == NEWEST {
            Connections::One
        } else {
            Connections::Two
        };
        connect_as(&page, connections).await;
        page.join(&sfu.ws, &token(sfu, name), code, hertz).await;
        let client = Client::Page(Box::new(page));
        Self {
            name,
            code,
            hertz,
            client,
        }
    }

    /// In a program.
    async fn native(
        sfu: &TestSfu,
        language: Language,
        (name, code, hertz): (&'static str, u8, u32),
    ) -> Self {
        let native = Native::join(language, &sfu.ws, &token(sfu, name), code, hertz).await;
        let client = Client::Native(Box::new(native));
        Self {
            name,
            code,
            hertz,
            client,
        }
    }

    /// From now on, and everything that they have said.
    async fn sees_hears_and_reads(&self, all: &[Self]) {
        let others = all.iter().filter(|other| other.name != self.name);
        for Self {
            name, code, hertz, ..
        } in others.clone()
        {
            let report = async || self.client.report().await;
            until_seen_and_heard(report, name, *code, *hertz).await;
        }
        let said = others.map(|other| (other.name.to_owned(), format!("I am {}", other.name)));
        let mut said: Vec<_> = said.collect();
        said.sort();
        until(&format!("{} has read {said:?}", self.name), async || {
            let mut heard = self.client.heard().await;
            heard.sort();
            heard == said
        })
        .await;
    }
}

async fn six_with_clients_of_every_kind_and_age_see_hear_and_read_each_other(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let pages = PageServer::start().await;
    let mut all = Vec::new();
    let people = [("anna", 1, 440), ("bert", 2, 660), ("carl", 4, 880)];
    for (client, who) in CLIENTS.into_iter().zip(people) {
        all.push(Member::page(&sfu, &pages, client, who).await);
    }
    let python = |one_connection| Language::Python { one_connection };
    for (language, who) in [
        (python(true), ("dora", 3, 1100)),
        (python(false), ("emil", 5, 1320)),
        (Language::Node, ("fay", 6, 1540)),
    ] {
        all.push(Member::native(&sfu, language, who).await);
    }
    for member in &all {
        let said = format!("I am {}", member.name);
        member.client.say(&said).await;
    }
    join_all(all.iter().map(|member| member.sees_hears_and_reads(&all))).await;
    for Member { name, client, .. } in &all {
        assert_eq!(client.report().await.events, [""; 0], "{name}");
    }
    for member in all {
        member.client.close().await;
    }
}

async fn publishers_hear_that_somebody_has_their_tracks(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let join = async |language, name, code| {
        Native::join(language, &sfu.ws, &token(&sfu, name), code, 440).await
    };
    let first = join(Language::Node, "anna", 1).await;
    let one_connection = false;
    let second = join(Language::Python { one_connection }, "bert", 2).await;
    // One of them published before anybody was there, the other one after.
    first.until_had().await;
    second.until_had().await;
    first.close().await;
    second.close().await;
}

async fn official_sdks_make_change_and_end_rooms(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let python = python();
    for (room, program, script) in [
        ("of node", Path::new("node"), "rooms.mjs"),
        ("of python", &python, "rooms.py"),
    ] {
        let sdk = Native::run(program, script);
        let secret = crate::support::api::LIVEKIT_SECRET;
        let given = json!({
            "url": sfu.base, "key": sfu.pair.key, "secret": secret, "room": room, "identity": "emil",
        });
        let made: Value = sdk.ask(&given).await;
        assert_eq!(made, json!([room, 77, 5, "m"]), "{script}");
        let token = token_with(&sfu, "emil", VideoGrant::join(room));
        let emil = Native::join(Language::Node, &sfu.ws, &token, 3, 440).await;
        until_published(&sfu, room, "emil").await;
        let changed: Value = sdk.ask(&json!("go on")).await;
        let active = 2;
        let expected = json!([
            [room], "n", ["emil", 2, active], true, "failed_precondition", "Emil", "p",
            {"seat": "7"}, true, false
        ]);
        assert_eq!(changed, expected, "{script}");
        until("what the server said has come", async || {
            emil.heard().await == [(String::new(), "from the server".to_owned())]
        })
        .await;
        let ended: Value = sdk.ask(&json!("end it")).await;
        assert_eq!(ended, json!([0, 0, 0, "not_found"]), "{script}");
        until("emil is out", async || {
            emil.report().await.state == "disconnected"
        })
        .await;
        emil.close().await;
        sdk.close().await;
    }
}
