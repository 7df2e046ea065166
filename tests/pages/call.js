// One participant of a call, driven by a test through `window.call`.
//
// It publishes a picture that says who sends it and which frame it is, and a tone of its own frequency; of
// everybody else it reports what it sees and hears. Nothing here trusts the SFU's word: the picture is read
// back from pixels, the tone from samples.
'use strict';

const CELL = 40;
const COLUMNS = 8;
const FRAMES_PER_SECOND = 15;

const events = [];
const remotes = new Map();
const attached = new WeakSet();
const context = new AudioContext();
const messages = [];
let room;
let options = {};

/// Options of the room that is joined next, besides those of every test.
function choose(more) {
  options = more;
  return true;
}

/// Media of the room that is joined next goes to `port` instead of the one that the SFU names, and no other way.
function detour(named, port) {
  const { prototype } = RTCPeerConnection;
  const { setRemoteDescription, addIceCandidate } = prototype;
  const moved = (text) =>
    text.replace(/(a=)?candidate:\S+ \d+ tcp .*(\r\n)?/gi, '').replace(new RegExp(`( udp \\d+ \\S+) ${named} `, 'gi'), `$1 ${port} `);
  prototype.setRemoteDescription = function ({ type, sdp }) {
    return setRemoteDescription.call(this, { type, sdp: moved(sdp) });
  };
  prototype.addIceCandidate = async function (given) {
    const candidate = moved(given?.candidate ?? '');
    if (candidate) await addIceCandidate.call(this, { ...(given.toJSON?.() ?? given), candidate });
  };
  return true;
}

/// Logs in at the API as the app does.
async function login(api, username, password) {
  const answer = await post(`${api}/api/auth/login`, { username, password });
  return answer.access_token;
}

/// Asks the API for a token to a room.
async function token(api, session, roomName) {
  const me = await request(`${api}/api/auth/me`, { headers: { authorization: `Bearer ${session}` } });
  const body = { room_name: roomName, user_id: me.id, username: me.username };
  return post(`${api}/api/livekit/token`, body, { authorization: `Bearer ${session}` });
}

/// Joins the room and publishes the picture numbered `code` (0 to 7) and a tone of `hertz`.
async function join(url, jwt, code, hertz) {
  await connect(url, jwt);
  const { Source } = LivekitClient.Track;
  const unaltered = { simulcast: false, videoCodec: 'vp8', dtx: false, red: false };
  await room.localParticipant.publishTrack(picture(code), { source: Source.Camera, ...unaltered });
  await room.localParticipant.publishTrack(tone(hertz), { source: Source.Microphone, ...unaltered });
  return room.localParticipant.identity;
}

/// The same with a token of its own, and with a fresh one whenever it is cut off for good, as an app does.
async function stay(api, session, roomName, code, hertz) {
  const { url, token: jwt } = await token(api, session, roomName);
  const identity = await join(url, jwt, code, hertz);
  const { RoomEvent } = LivekitClient;
  room.once(RoomEvent.Disconnected, () => comeBack(() => stay(api, session, roomName, code, hertz)));
  return identity;
}

async function comeBack(enter) {
  try {
    await enter();
  } catch {
    setTimeout(() => comeBack(enter), 200);
  }
}

/// Joins the room; tells who the SFU says we are.
async function connect(url, jwt) {
  room = new LivekitClient.Room({ adaptiveStream: false, dynacast: false, ...options });
  const { RoomEvent } = LivekitClient;
  for (const name of ['SignalReconnecting', 'Reconnecting', 'Reconnected', 'Disconnected', 'ParticipantDisconnected']) {
    room.on(RoomEvent[name], () => events.push(name));
  }
  room.on(RoomEvent.DataReceived, (bytes, participant, _, topic) => {
    messages.push([participant?.identity ?? '', new TextDecoder().decode(bytes), topic ?? '']);
  });
  room.on(RoomEvent.TrackSubscribed, (track, _, participant) => watch(participant.identity, track));
  await room.connect(url, jwt);
  // Firefox waits for a sound device, which not every machine has.
  context.resume();
  return room.localParticipant.identity;
}

async function leave() {
  await room.disconnect();
  return true;
}

/// Tries to join; why not, if not.
async function knock(url, jwt) {
  try {
    return await connect(url, jwt);
  } catch (e) {
    return `${e}`;
  }
}

/// Tries to publish a source whatever the client thinks of its own permissions; "published" or why not.
async function insist(source) {
  room.localParticipant.hasPermissionsToPublish = () => true;
  const track = source === 'microphone' ? tone(440) : picture(1);
  try {
    await room.localParticipant.publishTrack(track, { source, simulcast: false, videoCodec: 'vp8' });
    return 'published';
  } catch (e) {
    return `${e}`;
  }
}

/// Sends a message to all, or to some.
async function say(text, reliable, topic, destinationIdentities) {
  const bytes = new TextEncoder().encode(text);
  await room.localParticipant.publishData(bytes, { reliable, topic, destinationIdentities });
  return true;
}

/// Messages that have come: from whom, what, about what.
function heard() {
  return messages;
}

/// Publishes a camera of this size in three layers.
async function publishLayers(width, height) {
  const track = await LivekitClient.createLocalVideoTrack({ resolution: { width, height, frameRate: 15 } });
  // A busy machine makes fewer pictures, not smaller ones.
  const unaltered = { simulcast: true, videoCodec: 'vp8', degradationPreference: 'maintain-resolution' };
  await room.localParticipant.publishTrack(track, { source: 'camera', ...unaltered });
  return true;
}

/// Publishes a camera in a codec, as the client would by itself: with a second one for whoever cannot have the first.
async function publishIn(videoCodec) {
  const track = await LivekitClient.createLocalVideoTrack({ resolution: { width: 640, height: 360, frameRate: 15 } });
  await room.localParticipant.publishTrack(track, { source: 'camera', videoCodec, degradationPreference: 'maintain-resolution' });
  return true;
}

/// What is known of a participant, also of ourselves; of nobody, nothing.
function known(identity) {
  const p = room.localParticipant.identity === identity ? room.localParticipant : room.remoteParticipants.get(identity);
  if (!p) return {};
  const tracks = [...p.trackPublications.values()].map((t) => ({ source: t.source, muted: t.isMuted, sid: t.trackSid, subscribed: !!t.isSubscribed, permission: t.permissionStatus }));
  return { sid: p.sid, name: p.name, metadata: p.metadata, attributes: p.attributes, speaking: p.isSpeaking, quality: p.connectionQuality, tracks };
}

/// Does something with what we publish or get.
async function act(what, ...rest) {
  const local = room.localParticipant;
  const remote = (identity, source) => room.remoteParticipants.get(identity)?.getTrackPublication(source);
  const actions = {
    mute: (source, muted) => (muted ? local.getTrackPublication(source).mute() : local.getTrackPublication(source).unmute()),
    unpublish: (source) => local.unpublishTrack(local.getTrackPublication(source).track),
    publishIn: (videoCodec) => publishIn(videoCodec),
    codec: (identity, source) => codec(remote(identity, source)?.track),
    subscribe: (identity, source, yes) => remote(identity, source).setSubscribed(yes),
    quality: (identity, source, quality) => remote(identity, source).setVideoQuality(quality),
    audience: (all, some) => local.setTrackSubscriptionPermissions(all, some),
    sentLayers: (source) => local.getTrackPublication(source).track.sender.getParameters().encodings.filter((layer) => layer.active).length,
    attributes: (attributes) => local.setAttributes(attributes),
    metadata: (metadata) => local.setMetadata(metadata),
    answerCalls: (method) => local.registerRpcMethod(method, async (call) => `${call.callerIdentity}: ${call.payload}`),
    call: (destinationIdentity, method, payload) => local.performRpc({ destinationIdentity, method, payload }),
    cutSignal: () => room.engine.client.ws?.close?.() ?? room.simulateScenario('signal-reconnect'),
    simulate: (scenario) => room.simulateScenario(scenario),
    roomMetadata: () => room.metadata,
  };
  return (await actions[what](...rest)) ?? true;
}

/// Asks a standard token endpoint as an app does that knows nothing else of it.
async function tokenSource(url, session, options) {
  const headers = { authorization: `Bearer ${session}` };
  return LivekitClient.TokenSource.endpoint(url, { headers }).fetch(options);
}

/// Asks a development token server, which is what a sandbox is called now.
async function sandbox(baseUrl, id, options) {
  return LivekitClient.TokenSource.developmentTokenServer(id, { baseUrl }).fetch(options);
}

/// The upper half is the sender's colour, the lower half the frame number in binary.
function picture(code) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [CELL * COLUMNS, CELL * 4];
  document.body.append(canvas);
  const pen = canvas.getContext('2d');
  let frame = 0;
  setInterval(() => {
    frame = (frame + 1) % 256;
    pen.fillStyle = `rgb(${[4, 2, 1].map((bit) => (code & bit ? 255 : 0)).join()})`;
    pen.fillRect(0, 0, canvas.width, CELL * 2);
    for (let bit = 0; bit < COLUMNS; bit++) {
      pen.fillStyle = frame & (1 << bit) ? 'white' : 'black';
      pen.fillRect(bit * CELL, CELL * 2, CELL, CELL * 2);
    }
  }, 1000 / FRAMES_PER_SECOND);
  return canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0];
}

function tone(hertz) {
  const oscillator = new OscillatorNode(context, { frequency: hertz });
  const sink = context.createMediaStreamDestination();
  oscillator.connect(sink);
  oscillator.start();
  return sink.stream.getAudioTracks()[0];
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
  const remote = remotes.get(identity) ?? { frames: 0 };
  remotes.set(identity, remote);
  const element = track.attach();
  document.body.append(element);
  if (track.kind === 'video') {
    remote.video = track;
    readPictures(remote, element);
  } else {
    remote.audio = track;
    remote.ear = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(remote.ear);
  }
}

function readPictures(remote, video) {
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const read = () => {
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    pen.drawImage(video, 0, 0);
    const bright = (x, y) => [...pen.getImageData(x * canvas.width, y * canvas.height, 1, 1).data].map((c) => c > 127);
    const [red, green, blue] = bright(0.5, 0.25);
    remote.code = red * 4 + green * 2 + blue * 1;
    let number = 0;
    for (let bit = 0; bit < COLUMNS; bit++) {
      number |= bright((bit + 0.5) / COLUMNS, 0.75)[1] << bit;
    }
    if (number !== remote.number) {
      remote.number = number;
      remote.frames += 1;
    }
    video.requestVideoFrameCallback(read);
  };
  video.requestVideoFrameCallback(read);
}

/// What this participant sees and hears of everybody else, now.
async function report() {
  watchAll();
  const seen = {};
  for (const [identity, remote] of remotes) {
    const video = await inbound(remote.video);
    const audio = await inbound(remote.audio);
    seen[identity] = {
      code: remote.code ?? null,
      pictures: remote.frames,
      width: video.frameWidth ?? 0,
      decoded: video.framesDecoded ?? 0,
      samples: audio.totalSamplesReceived ?? 0,
      energy: audio.totalAudioEnergy ?? 0,
      hertz: loudest(remote.ear),
    };
  }
  return { state: room?.state ?? 'disconnected', events, seen };
}

async function inbound(track) {
  const stats = [...((await track?.getRTCStatsReport())?.values() ?? [])];
  return stats.find((entry) => entry.type === 'inbound-rtp') ?? {};
}

/// The codec of what comes of a track; nothing, as long as nothing was decoded.
async function codec(track) {
  const stats = await track?.getRTCStatsReport();
  const { codecId, framesDecoded } = await inbound(track);
  return framesDecoded ? stats.get(codecId).mimeType : '';
}

/// The frequency that stands out, or 0 in silence.
function loudest(ear) {
  if (!ear) return 0;
  const levels = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(levels);
  const peak = levels.indexOf(Math.max(...levels));
  return levels[peak] > -60 ? (peak * context.sampleRate) / ear.fftSize : 0;
}

function post(url, body, headers = {}) {
  return request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function request(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

window.call = { choose, detour, say, heard, publishLayers, known, act, login, token, tokenSource, sandbox, join, stay, connect, knock, insist, report, leave };
