//! What is there.

use super::{Sfu, no_room};
use crate::context::Context;
use crate::error::Result;
use crate::livekit::shown::{ParticipantShown, RoomShown};
use crate::output::{Format, Table};

/// All rooms, by name.
pub async fn list(ctx: &Context, sfu: &Sfu) -> Result<()> {
    let rooms = sfu.rooms.list(Vec::new()).await;
    let rooms = rooms.map_err(|e| sfu.error(e))?.into_iter();
    let mut rooms: Vec<_> = rooms.map(RoomShown::of).collect();
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    match ctx.out.format {
        Format::Json => ctx.out.json(&rooms),
        Format::Table if rooms.is_empty() => {
            ctx.out.say(format_args!("no rooms at {}", sfu.url));
            Ok(())
        }
        Format::Table => ctx.out.line(table(&rooms)),
    }
}

/// One room.
pub async fn get(ctx: &Context, sfu: &Sfu, name: &str) -> Result<()> {
    let room = sfu.rooms.get(name).await.map_err(|e| sfu.error(e))?;
    let mut room = RoomShown::of(room.ok_or_else(|| no_room(name))?);
    // The number that goes with a room is some seconds old.
    let inside = sfu.rooms.participants(name).await;
    let inside = inside.map_err(|e| sfu.error(e))?.len();
    room.num_participants = u32::try_from(inside).unwrap_or(u32::MAX);
    show(ctx, &room)
}

/// Shows one room.
pub fn show(ctx: &Context, room: &RoomShown) -> Result<()> {
    match ctx.out.format {
        Format::Json => ctx.out.json(room),
        Format::Table => ctx.out.line(table(std::slice::from_ref(room))),
    }
}

/// Who is in a room.
pub async fn participants(ctx: &Context, sfu: &Sfu, room: &str) -> Result<()> {
    let found = sfu.rooms.participants(room).await;
    let found = found.map_err(|e| sfu.error(e))?;
    if found.is_empty() {
        let there = sfu.rooms.get(room).await.map_err(|e| sfu.error(e))?;
        there.ok_or_else(|| no_room(room))?;
    }
    let mut shown: Vec<_> = found.into_iter().map(ParticipantShown::of).collect();
    shown.sort_by(|a, b| (&a.joined_at, &a.identity).cmp(&(&b.joined_at, &b.identity)));
    match ctx.out.format {
        Format::Json => ctx.out.json(&shown),
        Format::Table if shown.is_empty() => {
            ctx.out.say(format_args!("nobody is in `{room}`"));
            Ok(())
        }
        Format::Table => {
            let mut table = Table::new(&["identity", "name", "state", "publishes", "since"]);
            for who in &shown {
                table.row([
                    who.identity.clone(),
                    who.name.clone(),
                    who.state.to_owned(),
                    who.publishes(),
                    who.joined_at.clone().unwrap_or_default(),
                ]);
            }
            ctx.out.line(table)
        }
    }
}

fn table(rooms: &[RoomShown]) -> Table {
    let mut table = Table::new(&["room", "participants", "most", "since", "metadata"]);
    for room in rooms {
        let most = match room.max_participants {
            0 => "any".to_owned(),
            most => most.to_string(),
        };
        table.row([
            room.name.clone(),
            room.num_participants.to_string(),
            most,
            room.created_at.clone().unwrap_or_default(),
            cut(&room.metadata),
        ]);
    }
    table
}

/// The beginning of a long text, in one line.
fn cut(text: &str) -> String {
    const MOST: usize = 40;
    let mut line: String = text.chars().take(MOST).collect();
    line.retain(|c| !c.is_control());
    if text.chars().count() > MOST {
        line.push('…');
    }
    line
}
