// Makes, changes and ends a room with LiveKit's official SDK for Node, as rooms.py does with that for Python.
import { createInterface } from "node:readline";
import { DataPacket_Kind, RoomServiceClient } from "livekit-server-sdk";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const print = (told) => process.stdout.write(`> ${JSON.stringify(told)}\n`);
const { url, key, secret, room: name, identity } = JSON.parse((await lines.next()).value);
const service = new RoomServiceClient(url, key, secret);

const made = await service.createRoom({ name, emptyTimeout: 77, maxParticipants: 5, metadata: "m" });
print([made.name, made.emptyTimeout, made.maxParticipants, made.metadata]);
await lines.next();
let told = [(await service.listRooms([name])).map((room) => room.name)];
told.push((await service.updateRoomMetadata(name, "n")).metadata);
for (const who of await service.listParticipants(name)) {
  told.push([who.identity, who.tracks.length, who.state]);
}
const [track] = (await service.getParticipant(name, identity)).tracks;
told.push((await service.mutePublishedTrack(name, identity, track.sid, true)).muted);
told.push(await service.mutePublishedTrack(name, identity, track.sid, false).catch((error) => error.code));
const changed = await service.updateParticipant(name, identity, {
  name: "Emil",
  metadata: "p",
  attributes: { seat: "7" },
  permission: { canSubscribe: true, canPublish: true, canPublishData: false },
});
const { canPublish, canPublishData } = changed.permission;
told.push(changed.name, changed.metadata, changed.attributes, canPublish, canPublishData);
await service.sendData(name, new TextEncoder().encode("from the server"), DataPacket_Kind.RELIABLE, {});
print(told);
await lines.next();
await service.removeParticipant(name, identity);
told = [(await service.listParticipants(name)).length];
await service.deleteRoom(name);
told.push((await service.listRooms([name])).length);
told.push((await service.listParticipants(name)).length);
try {
  await service.getParticipant(name, identity);
} catch (error) {
  told.push(error.code);
}
print(told);
process.exit();
