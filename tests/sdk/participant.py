"""A participant of a call that is no browser: LiveKit's own client for Python.

It sends the picture and the tone of tests/pages/call.js and reads those of everybody else back. The first line of
stdin is `{"url", "token", "code", "hertz", "one_connection"}`; when both tracks are published, the identity is
printed. Then each line is a request, `["report"]`, `["heard"]`, `["had"]` (both tracks by somebody), `["say", TEXT]`,
`["send", BYTES]` (a file of zeros) or `["got"]` (bytes of files by sender), and is answered. An answer is a line that
begins with `> `. It leaves at the end of stdin."""

import asyncio
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from livekit import rtc

CELL, COLUMNS, FRAMES_PER_SECOND = 40, 8, 15
WIDTH, HEIGHT = CELL * COLUMNS, CELL * 4
SAMPLES_PER_SECOND = 48_000
# Samples that are sent at once, and those that a frequency is read from.
PIECE, EAR = SAMPLES_PER_SECOND // 100, SAMPLES_PER_SECOND // 10


@dataclass
class Seen:
    """What is seen and heard of one participant."""

    code: int | None = None
    number: int | None = None
    pictures: int = 0
    decoded: int = 0
    width: int = 0
    samples: int = 0
    energy: float = 0.0
    ear: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int16))

    def told(self):
        told = {name: value for name, value in vars(self).items() if name not in ("ear", "number")}
        return told | {"hertz": frequency(self.ear)}


def picture(code, frame):
    """The upper half is the sender's colour, the lower half the frame number in binary."""
    shown = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    shown[..., 3] = 255
    shown[: HEIGHT // 2, :, :3] = [255 if code & bit else 0 for bit in (4, 2, 1)]
    for bit in range(COLUMNS):
        if frame & 1 << bit:
            shown[HEIGHT // 2 :, bit * CELL : (bit + 1) * CELL, :3] = 255
    return rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, shown.tobytes())


async def show(source, code):
    frame = 0
    while True:
        frame = (frame + 1) % 256
        source.capture_frame(picture(code, frame))
        await asyncio.sleep(1 / FRAMES_PER_SECOND)


async def sound(source, hertz):
    at = 0
    while True:
        turns = np.arange(at, at + PIECE) * hertz / SAMPLES_PER_SECOND
        wave = (np.sin(turns * 2 * np.pi) * 16_000).astype(np.int16)
        # It waits by itself when enough is there.
        await source.capture_frame(rtc.AudioFrame(wave.tobytes(), SAMPLES_PER_SECOND, 1, PIECE))
        at += PIECE


async def look(seen, track):
    async for event in rtc.VideoStream(track, format=rtc.VideoBufferType.RGBA):
        frame = event.frame
        shown = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 4)

        def bright(x, y):
            return shown[int(y * frame.height), int(x * frame.width), :3] > 127

        red, green, blue = bright(0.5, 0.25)
        lower = (bright((bit + 0.5) / COLUMNS, 0.75)[1] for bit in range(COLUMNS))
        number = sum(int(lit) << bit for bit, lit in enumerate(lower))
        seen.pictures += number != seen.number
        seen.code, seen.number = int(red) * 4 + int(green) * 2 + int(blue), number
        seen.width, seen.decoded = frame.width, seen.decoded + 1


async def listen(seen, track):
    async for event in rtc.AudioStream(track, sample_rate=SAMPLES_PER_SECOND, num_channels=1):
        wave = np.frombuffer(event.frame.data, np.int16)
        seen.samples += len(wave)
        seen.energy += float(np.sum((wave / 32_768.0) ** 2)) / SAMPLES_PER_SECOND
        seen.ear = np.concatenate([seen.ear, wave])[-EAR:]


def frequency(wave):
    """That of a pure tone, or 0 in silence."""
    if len(wave) < EAR or np.abs(wave).max() < 100:
        return 0.0
    rising = np.count_nonzero((wave[:-1] < 0) & (wave[1:] >= 0))
    return rising * SAMPLES_PER_SECOND / len(wave)


async def publish(room, code, hertz):
    sources = rtc.VideoSource(WIDTH, HEIGHT), rtc.AudioSource(SAMPLES_PER_SECOND, 1)
    camera = rtc.LocalVideoTrack.create_video_track("camera", sources[0])
    microphone = rtc.LocalAudioTrack.create_audio_track("microphone", sources[1])
    source = rtc.TrackSource
    published = []
    for track, options in (
        (camera, {"source": source.SOURCE_CAMERA, "simulcast": False, "video_codec": rtc.VideoCodec.VP8}),
        (microphone, {"source": source.SOURCE_MICROPHONE, "dtx": False, "red": False}),
    ):
        published.append(await room.local_participant.publish_track(track, rtc.TrackPublishOptions(**options)))
    return published, [show(sources[0], code), sound(sources[1], hertz)]


async def send_file(room, size):
    writer = await room.local_participant.stream_bytes("zeros", total_size=size, topic="file")
    await writer.write(bytes(size))
    await writer.aclose()


async def take_file(reader, sender, got):
    async for piece in reader:
        got[sender] += len(piece)


def answer(what):
    """What else is on stdout is a log."""
    print(">", json.dumps(what), flush=True)


async def main():
    lines = asyncio.get_running_loop()
    given = json.loads(sys.stdin.readline())
    room, tasks = rtc.Room(), []
    everybody, events, heard, got = defaultdict(Seen), [], [], defaultdict(int)

    def go_on(*coroutines):
        tasks.extend(asyncio.create_task(coroutine) for coroutine in coroutines)

    @room.on("track_subscribed")
    def _(track, _publication, participant):
        watch = look if track.kind == rtc.TrackKind.KIND_VIDEO else listen
        go_on(watch(everybody[participant.identity], track))

    @room.on("data_received")
    def _(packet):
        heard.append([packet.participant.identity if packet.participant else "", packet.data.decode()])

    room.register_byte_stream_handler("file", lambda reader, sender: go_on(take_file(reader, sender, got)))
    for name in ("reconnecting", "reconnected", "disconnected", "participant_disconnected"):
        room.on(name, lambda *_, name=name: events.append(name))

    options = rtc.RoomOptions(single_peer_connection=given["one_connection"])
    await room.connect(given["url"], given["token"], options)
    published, sources = await publish(room, given["code"], given["hertz"])
    go_on(*sources)
    answer(room.local_participant.identity)
    while line := await lines.run_in_executor(None, sys.stdin.readline):
        match json.loads(line):
            case ["say", text]:
                await room.local_participant.publish_data(text, reliable=True)
                told = True
            case ["had"]:
                await asyncio.gather(*(publication.wait_for_subscription() for publication in published))
                told = True
            case ["send", size]:
                go_on(send_file(room, size))
                told = True
            case ["got"]:
                told = got
            case ["heard"]:
                told = heard
            case ["report"]:
                state = "connected" if room.isconnected() else "disconnected"
                seen = {identity: seen.told() for identity, seen in everybody.items()}
                told = {"state": state, "events": events, "seen": seen}
        for task in tasks:
            if task.done() and task.exception():
                raise task.exception()
        answer(told)
    for task in tasks:
        task.cancel()
    await room.disconnect()


asyncio.run(main())
