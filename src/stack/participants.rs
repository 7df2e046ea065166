//! How many are connected to the SFU, for the moments when it matters: before it ends.

use std::time::Duration;

use serde::Deserialize;

use super::health::sfu;
use super::reach::find_sfu;
use crate::config::Project;
use crate::context::Context;
use crate::livekit::grants::VideoGrant;
use crate::livekit::token::{JoinToken, Signer};

/// Nobody waits for this.
const LIMIT: Duration = Duration::from_millis(500);

/// Says why the SFU has not ended yet.
pub async fn announce(ctx: &Context, project: &Project) {
    let base = find_sfu(ctx, project).await;
    let who = match count(ctx, project, &base).await {
        Some(1) => "1 participant is still connected".to_owned(),
        Some(n) if n > 1 => format!("{n} participants are still connected"),
        // Those whose connection is not complete yet are not counted.
        _ => "somebody may still be connected".to_owned(),
    };
    ctx.out
        .say(format_args!("livekit: {who}; ending it anyway"));
}

/// How many are connected to the SFU at `base`; `None` where it does not tell.
pub async fn count(ctx: &Context, project: &Project, base: &str) -> Option<u64> {
    let asked = tokio::time::timeout(LIMIT, asked(ctx, project, base)).await;
    asked.ok().flatten()
}

async fn asked(ctx: &Context, project: &Project, base: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Rooms {
        #[serde(default)]
        rooms: Vec<Room>,
    }
    #[derive(Deserialize)]
    struct Room {
        #[serde(default)]
        num_participants: u64,
    }
    let mut request = JoinToken::new("", "urbania", Duration::from_mins(1));
    request.grant = VideoGrant {
        room_list: true,
        ..VideoGrant::default()
    };
    let token = Signer::new(project.key_pair())
        .mint(&request, ctx.clock.unix())
        .ok()?;
    let url = format!("{base}/twirp/livekit.RoomService/ListRooms");
    let answer = sfu::client()
        .post(url)
        .bearer_auth(token.token)
        .header("content-type", "application/json")
        .body("{}")
        .send()
        .await
        .ok()?;
    let rooms: Rooms = answer.json().await.ok()?;
    Some(rooms.rooms.iter().map(|r| r.num_participants).sum())
}
