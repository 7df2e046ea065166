//! Variables that LiveKit reads behind the file's back.

use async_trait::async_trait;

use crate::config::ENV_FILE;
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Leaks;

const ABOUT: About = About {
    code: "config.leaks",
    group: Group::Config,
    title: "a variable would change a LiveKit server that is started by hand",
    looks_at: "The environment and `.env` for variables that `livekit-server` reads besides its file: `NODE_IP`,\n\
        `UDP_PORT`, `REDIS_HOST`, `REDIS_PASSWORD`, `LIVEKIT_KEYS`, `LIVEKIT_KEY_FILE`, `LIVEKIT_CONFIG` and others.",
    why: "They beat livekit.yaml without a word: `LIVEKIT_KEYS` replaces all keys, `REDIS_HOST` turns a single\n\
        server into a node that waits for others. The containers of `urbania up` have an environment of their own and are\n\
        safe; a server started from this shell, or by Compose with `env_file: .env`, is not.",
    fix: "`unset` them, or give the backend's variable another name. `LIVEKIT_KEYS` needs a blank behind the colon,\n\
        `key: secret`.",
};

/// What `livekit-server` reads.
const READ: [&str; 9] = [
    "LIVEKIT_CONFIG",
    "LIVEKIT_KEYS",
    "LIVEKIT_KEY_FILE",
    "LIVEKIT_REGION",
    "NODE_IP",
    "UDP_PORT",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "LIVEKIT_TURN_CERT",
];

#[async_trait]
impl Check for Leaks {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let set = |place: &'static str, name: &'static str| (place, name);
        let here = READ.iter().filter(|name| site.ctx.env.get(name).is_some());
        let file = READ.iter().filter(|name| project.env.get(name).is_some());
        let here = here.map(|name| set("the environment", name));
        let found: Vec<_> = here.chain(file.map(|name| set(ENV_FILE, name))).collect();
        Ok(found
            .into_iter()
            .map(|(place, name)| judge(place, name))
            .collect())
    }
}

fn judge(place: &str, name: &str) -> Finding {
    let message =
        format!("{place} has {name}, which a `livekit-server` started by hand would obey");
    Finding::note(message).fix(if place == ENV_FILE {
        format!("give the variable another name in {ENV_FILE}")
    } else {
        format!("unset {name}")
    })
}
