// One participant of a call, driven from outside through `window.lab`.
//
// It sends a picture that says who paints it and when, and a tone of its own; of everybody else it tells what it
// sees and hears, read back from pixels and samples. The SFU's word counts for nothing here.
import { connections } from './connections.js';
import { now, paint, read, since } from './picture.js';
import { context, ear, hear, tone } from './tone.js';

const { DisconnectReason, Room, RoomEvent, Track } = LivekitClient;
const SOURCES = { camera: Track.Source.Camera, microphone: Track.Source.Microphone };

// A latency beyond this is no latency: the picture stood still.
const LONGEST_MS = 60_000;
// Between two reports no more latencies are kept.
const MOST_LATENCIES = 1_000;

const members = new Map();
const watched = new Map();
const attached = new WeakSet();
const own = new Map();
const events = [];
let room;
let me;
let began;
let stopPainting = () => {};

/// Says who takes part: `{identity, number, hertz, colour, plays, publishes, mutes}` of each.
function cast(everybody) {
  everybody.forEach((member) => members.set(member.identity, member));
}

/// Joins a room as `identity`: `{ms}`, or `{error, connections}`. `plan`: `{width, height, fps, stays}`.
async function join(url, token, identity, plan) {
  me = { ...members.get(identity), ...plan };
  document.title = identity;
  began = now();
  watched.clear();
  try {
    await enter(url, token);
  } catch (e) {
    return { error: e.message, connections: await connections() };
  }
  return { ms: now() - began };
}

async function enter(url, token) {
  room = new Room({ adaptiveStream: false, dynacast: false });
  for (const event of ['Reconnecting', 'SignalReconnecting', 'Reconnected', 'Disconnected']) {
    room.on(RoomEvent[event], () => events.push({ event, at: now() }));
  }
  room.on(RoomEvent.TrackSubscribed, (track, _, participant) => watch(participant.identity, track));
  await room.connect(url, token, { maxRetries: 0, peerConnectionTimeout: 10_000 });
  room.on(RoomEvent.Disconnected, (reason) => {
    if (me.stays && reason !== DisconnectReason.CLIENT_INITIATED) comeBack(url, token);
  });
  await context.resume();
  own.clear();
  me.publishes.forEach(publish);
}

/// Who is cut off for good comes in again, as an app does.
async function comeBack(url, token) {
  try {
    await enter(url, token);
  } catch {
    setTimeout(() => comeBack(url, token), 500);
  }
}

async function publish(source) {
  const track = source === 'camera' ? shownPicture() : tone(me.plays);
  own.set(source, null);
  try {
    // Redundant audio hides what is lost on the way.
    const options = { source: SOURCES[source], videoCodec: 'vp8', dtx: false, red: false };
    const publication = await room.localParticipant.publishTrack(track, options);
    if (me.mutes.includes(source)) await publication.mute();
  } catch (e) {
    own.set(source, e.message);
  }
}

/// Tries to publish a source whatever the client thinks of its permissions; why not, or null.
async function insist(source) {
  const may = room.localParticipant.hasPermissionsToPublish;
  room.localParticipant.hasPermissionsToPublish = () => true;
  try {
    const [track] = source === 'camera' ? picture(document.createElement('canvas')) : [tone(me.plays)];
    await room.localParticipant.publishTrack(track, { source: SOURCES[source], videoCodec: 'vp8' });
    return null;
  } catch (e) {
    return e.message;
  } finally {
    room.localParticipant.hasPermissionsToPublish = may;
  }
}

function shownPicture() {
  const canvas = document.createElement('canvas');
  tile(me.identity, canvas).classList.add('own');
  stopPainting();
  const [track, stop] = picture(canvas);
  stopPainting = stop;
  return track;
}

function picture(canvas) {
  [canvas.width, canvas.height] = [me.width, me.height];
  const [track] = canvas.captureStream(0).getVideoTracks();
  const stop = regularly(1000 / me.fps, () => {
    paint(canvas, me.number, now(), { name: me.identity, colour: me.colour });
    track.requestFrame();
  });
  return [track, stop];
}

// Intervals of the browser are whole milliseconds: pictures would come too early for whoever shows them, and wait there.
function regularly(interval, act) {
  const first = now();
  let [beat, timer] = [0, 0];
  const next = () => {
    act();
    beat = Math.max(beat + 1, Math.floor((now() - first) / interval));
    timer = setTimeout(next, first + beat * interval - now());
  };
  next();
  return () => clearTimeout(timer);
}

// livekit-client keeps its events to itself for two seconds after it has begun a connection anew: for what comes meanwhile
// there are none. So what there is is looked at as well.
function watchAll() {
  for (const participant of room?.remoteParticipants.values() ?? []) {
    for (const { track } of participant.trackPublications.values()) if (track) watch(participant.identity, track);
  }
}

function watch(identity, track) {
  if (attached.has(track)) return;
  attached.add(track);
  const of = watched.get(identity) ?? { latencies: [], read: {}, unread: 0, first: null, last: null, gap: 0 };
  watched.set(identity, of);
  const element = track.attach();
  if (track.kind === 'audio') {
    of.ear = ear(track.mediaStreamTrack);
    return;
  }
  tile(identity, element);
  const look = (_, { presentationTime }) => {
    see(of, element, now() + presentationTime - performance.now());
    element.requestVideoFrameCallback(look);
  };
  element.requestVideoFrameCallback(look);
}

function see(of, element, at) {
  const seen = read(element);
  if (!seen) {
    of.unread += 1;
    return;
  }
  of.read[seen.sender] = (of.read[seen.sender] ?? 0) + 1;
  of.first ??= at;
  of.gap = Math.max(of.gap, at - (of.last ?? at));
  of.last = at;
  const latency = since(seen.time, at);
  if (Math.abs(latency) < LONGEST_MS && of.latencies.length < MOST_LATENCIES) of.latencies.push(latency);
}

// A frame with a name in the page, for people and for screenshots.
function tile(identity, element) {
  const figure = document.getElementById(identity) ?? document.createElement('figure');
  figure.id = identity;
  figure.replaceChildren(element);
  document.querySelector('main').append(figure);
  return figure;
}

/// What this participant does, sees and hears, now.
async function report() {
  watchAll();
  const others = {};
  for (const participant of room?.remoteParticipants.values() ?? []) {
    others[participant.identity] = {
      camera: await camera(participant),
      microphone: await microphone(participant),
    };
  }
  const may = room?.localParticipant.permissions;
  return {
    at: now(),
    began,
    state: room?.state ?? 'disconnected',
    events,
    may: { subscribe: may?.canSubscribe ?? true, camera: mayPublish(may, 1), microphone: mayPublish(may, 2) },
    connections: await connections(),
    own: Object.fromEntries(await Promise.all([...own].map(async ([source, error]) => [source, await sent(source, error)]))),
    others,
  };
}

// `source` is the number of LiveKit's protocol; no list of sources allows all.
function mayPublish(may, source) {
  const sources = may?.canPublishSources ?? [];
  return (may?.canPublish ?? true) && (sources.length === 0 || sources.includes(source));
}

async function sent(source, error) {
  // After a connection that was begun anew it is another one than at first.
  const publication = room.localParticipant.getTrackPublication(SOURCES[source]);
  const stats = await statistics(publication?.track);
  const streams = stats.filter((entry) => entry.type === 'outbound-rtp');
  return {
    error,
    published: publication !== undefined,
    muted: publication?.isMuted ?? false,
    packets: streams.reduce((sum, stream) => sum + (stream.packetsSent ?? 0), 0),
    codec: codec(stats, streams[0]),
  };
}

async function camera(participant) {
  const publication = participant.getTrackPublication(Track.Source.Camera);
  if (!publication) return null;
  const of = watched.get(participant.identity);
  const { stats, stream, ...received } = await inbound(publication);
  const latencies = of?.latencies.splice(0) ?? [];
  return {
    ...received,
    decoded: stream.framesDecoded ?? 0,
    keyframes: stream.keyFramesDecoded ?? 0,
    plis: stream.pliCount ?? 0,
    freezes: stream.freezeCount ?? 0,
    frozen_ms: (stream.totalFreezesDuration ?? 0) * 1000,
    width: stream.frameWidth ?? 0,
    height: stream.frameHeight ?? 0,
    // A copy: pictures that come while the rest is asked would be in it, and their time would not.
    read: { ...of?.read },
    unread: of?.unread ?? 0,
    first_at: of?.first ?? null,
    last_at: of?.last ?? null,
    gap_ms: of?.gap ?? 0,
    latencies,
  };
}

async function microphone(participant) {
  const publication = participant.getTrackPublication(Track.Source.Microphone);
  if (!publication) return null;
  const of = watched.get(participant.identity);
  const { stats, stream, ...received } = await inbound(publication);
  const tones = [...members.values()].map(({ hertz }) => hertz);
  const heard = of?.ear ? hear(of.ear, tones) : { power: 0, hertz: null };
  return { ...received, ...heard, concealed: stream.concealedSamples ?? 0, samples: stream.totalSamplesReceived ?? 0 };
}

async function inbound(publication) {
  const stats = await statistics(publication.track);
  const stream = stats.find((entry) => entry.type === 'inbound-rtp') ?? {};
  return {
    stats,
    stream,
    muted: publication.isMuted,
    subscribed: publication.track !== undefined,
    packets: stream.packetsReceived ?? 0,
    lost: stream.packetsLost ?? 0,
    bytes: stream.bytesReceived ?? 0,
    jitter_ms: (stream.jitter ?? 0) * 1000,
    codec: codec(stats, stream),
  };
}

async function statistics(track) {
  return [...((await track?.getRTCStatsReport())?.values() ?? [])];
}

// `VP8` of `video/VP8`.
function codec(stats, stream) {
  const used = stats.find((entry) => entry.id === stream?.codecId);
  return used?.mimeType.split('/')[1] ?? null;
}

async function leave() {
  await room?.disconnect();
}

window.lab = { cast, join, insist, report, leave, simulate: (what) => room.simulateScenario(what) };
