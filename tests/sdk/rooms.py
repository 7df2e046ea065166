"""Makes, changes and ends a room with LiveKit's official SDK for Python, and prints what it sees of it. The input
is `{"url", "key", "secret", "room", "identity"}`. It goes on at the next line of stdin, when `identity` has come in and
sends a picture and a voice, and ends the room at the one after that."""

import asyncio
import json
import sys

from livekit import api


def answer(what):
    """What else is on stdout is a log."""
    print(">", json.dumps(what), flush=True)


async def main():
    given = json.loads(sys.stdin.readline())
    name, identity = given["room"], given["identity"]
    async with api.LiveKitAPI(given["url"], given["key"], given["secret"]) as livekit:
        service = livekit.room
        new = api.CreateRoomRequest(name=name, empty_timeout=77, max_participants=5, metadata="m")
        made = await service.create_room(new)
        answer([made.name, made.empty_timeout, made.max_participants, made.metadata])
        sys.stdin.readline()
        where = api.RoomParticipantIdentity(room=name, identity=identity)
        told = [sorted(room.name for room in (await service.list_rooms(api.ListRoomsRequest(names=[name]))).rooms)]
        told += [(await service.update_room_metadata(api.UpdateRoomMetadataRequest(room=name, metadata="n"))).metadata]
        there = (await service.list_participants(api.ListParticipantsRequest(room=name))).participants
        told += [[who.identity, len(who.tracks), who.state] for who in there]
        track = (await service.get_participant(where)).tracks[0]
        mute = api.MuteRoomTrackRequest(room=name, identity=identity, track_sid=track.sid, muted=True)
        told += [(await service.mute_published_track(mute)).track.muted]
        mute.muted = False
        try:
            await service.mute_published_track(mute)
        except api.TwirpError as error:
            told += [error.code]
        change = api.UpdateParticipantRequest(
            room=name,
            identity=identity,
            name="Emil",
            metadata="p",
            attributes={"seat": "7"},
            permission=api.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=False),
        )
        changed = await service.update_participant(change)
        may = changed.permission
        told += [changed.name, changed.metadata, dict(changed.attributes), may.can_publish, may.can_publish_data]
        await service.send_data(api.SendDataRequest(room=name, data=b"from the server", kind=0))
        answer(told)
        sys.stdin.readline()
        await service.remove_participant(where)
        there = (await service.list_participants(api.ListParticipantsRequest(room=name))).participants
        told = [len(there)]
        await service.delete_room(api.DeleteRoomRequest(room=name))
        told += [len((await service.list_rooms(api.ListRoomsRequest(names=[name]))).rooms)]
        there = (await service.list_participants(api.ListParticipantsRequest(room=name))).participants
        told += [len(there)]
        try:
            await service.get_participant(where)
        except api.TwirpError as error:
            told += [error.code]
        answer(told)


asyncio.run(main())
