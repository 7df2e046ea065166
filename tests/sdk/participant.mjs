// A participant of a call that is no browser: LiveKit's own client for Node. It does what participant.py does, and
// is asked in the same way.
import { createInterface } from "node:readline";
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoCodec,
  VideoFrame,
  VideoSource,
  VideoStream,
  dispose,
} from "@livekit/rtc-node";

const CELL = 40;
const COLUMNS = 8;
const FRAMES_PER_SECOND = 15;
const [WIDTH, HEIGHT] = [CELL * COLUMNS, CELL * 4];
const SAMPLES_PER_SECOND = 48_000;
// Samples that are sent at once, and those that a frequency is read from.
const [PIECE, EAR] = [SAMPLES_PER_SECOND / 100, SAMPLES_PER_SECOND / 10];

const everybody = new Map();
const events = [];
const heard = [];
const published = [];
const room = new Room();

/// The upper half is the sender's colour, the lower half the frame number in binary.
function picture(code, frame) {
  const shown = new Uint8Array(WIDTH * HEIGHT * 4);
  const colour = [4, 2, 1].map((bit) => (code & bit ? 255 : 0));
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const lit = frame & (1 << Math.floor(x / CELL)) ? 255 : 0;
      shown.set(y < HEIGHT / 2 ? [...colour, 255] : [lit, lit, lit, 255], (y * WIDTH + x) * 4);
    }
  }
  return new VideoFrame(shown, WIDTH, HEIGHT, VideoBufferType.RGBA);
}

function show(source, code) {
  let frame = 0;
  setInterval(() => {
    frame = (frame + 1) % 256;
    source.captureFrame(picture(code, frame));
  }, 1000 / FRAMES_PER_SECOND);
}

async function sound(source, hertz) {
  for (let at = 0; ; at += PIECE) {
    const wave = Int16Array.from({ length: PIECE }, (_, n) => {
      return 16_000 * Math.sin((2 * Math.PI * hertz * (at + n)) / SAMPLES_PER_SECOND);
    });
    // It waits by itself when enough is there.
    await source.captureFrame(new AudioFrame(wave, SAMPLES_PER_SECOND, 1, PIECE));
  }
}

async function look(seen, track) {
  for await (const { frame } of new VideoStream(track)) {
    const { data, width, height } = frame.convert(VideoBufferType.RGBA);
    const bright = (x, y) => {
      const at = (Math.floor(y * height) * width + Math.floor(x * width)) * 4;
      return [...data.subarray(at, at + 3)].map((value) => value > 127);
    };
    const [red, green, blue] = bright(0.5, 0.25);
    let number = 0;
    for (let bit = 0; bit < COLUMNS; bit++) {
      number |= bright((bit + 0.5) / COLUMNS, 0.75)[1] << bit;
    }
    seen.pictures += number === seen.number ? 0 : 1;
    Object.assign(seen, { number, width, code: red * 4 + green * 2 + blue * 1 });
    seen.decoded += 1;
  }
}

async function listen(seen, track) {
  for await (const { data } of new AudioStream(track, SAMPLES_PER_SECOND, 1)) {
    seen.samples += data.length;
    seen.energy += data.reduce((sum, value) => sum + (value / 32_768) ** 2, 0) / SAMPLES_PER_SECOND;
    seen.ear = [...seen.ear, ...data].slice(-EAR);
  }
}

/// That of a pure tone, or 0 in silence.
function frequency(wave) {
  if (wave.length < EAR || Math.max(...wave) < 100) return 0;
  const rising = wave.filter((value, n) => n > 0 && wave[n - 1] < 0 && value >= 0).length;
  return (rising * SAMPLES_PER_SECOND) / wave.length;
}

function watch(track, _, { identity }) {
  const fresh = { code: null, pictures: 0, decoded: 0, width: 0, samples: 0, energy: 0, ear: [] };
  const seen = everybody.get(identity) ?? fresh;
  everybody.set(identity, seen);
  if (track.kind === TrackKind.KIND_VIDEO) look(seen, track);
  else listen(seen, track);
}

async function publish(code, hertz) {
  const [eye, voice] = [new VideoSource(WIDTH, HEIGHT), new AudioSource(SAMPLES_PER_SECOND, 1)];
  const camera = LocalVideoTrack.createVideoTrack("camera", eye);
  const microphone = LocalAudioTrack.createAudioTrack("microphone", voice);
  const { SOURCE_CAMERA, SOURCE_MICROPHONE } = TrackSource;
  const unaltered = { simulcast: false, videoCodec: VideoCodec.VP8, dtx: false, red: false };
  for (const [track, source] of [[camera, SOURCE_CAMERA], [microphone, SOURCE_MICROPHONE]]) {
    const options = new TrackPublishOptions({ source, ...unaltered });
    published.push(await room.localParticipant.publishTrack(track, options));
  }
  show(eye, code);
  sound(voice, hertz);
}

function report() {
  const shown = ({ ear, number, ...rest }) => ({ ...rest, hertz: frequency(ear) });
  const seen = Object.fromEntries([...everybody].map(([identity, of]) => [identity, shown(of)]));
  return { state: room.isConnected ? "connected" : "disconnected", events, seen };
}

async function say(text) {
  await room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: true });
  return true;
}

// One for each of the others' tracks is no leak.
room.setMaxListeners(0);
room.on(RoomEvent.TrackSubscribed, watch);
room.on(RoomEvent.DataReceived, (bytes, participant) => {
  heard.push([participant?.identity ?? "", new TextDecoder().decode(bytes)]);
});
for (const name of ["Reconnecting", "Reconnected", "Disconnected", "ParticipantDisconnected"]) {
  room.on(RoomEvent[name], () => events.push(name));
}

/// Waits until somebody has what we publish.
async function had() {
  await Promise.all(published.map((publication) => publication.waitForSubscription()));
  return true;
}

const answer = { report, say, had, heard: () => heard };
let joined = false;
for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  let told;
  if (joined) {
    const [what, ...rest] = given;
    told = await answer[what](...rest);
  } else {
    await room.connect(given.url, given.token, { autoSubscribe: true, dynacast: false });
    await publish(given.code, given.hertz);
    [told, joined] = [room.localParticipant.identity, true];
  }
  // What else is on stdout is the client's log.
  process.stdout.write(`> ${JSON.stringify(told)}\n`);
}
await room.disconnect();
await dispose();
process.exit();
