// Every peer connection that the page opens, under LiveKit's client and whatever its version: how far it got, and
// which way its media goes.

const opened = [];
const states = new WeakMap();

window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...configuration) {
    super(...configuration);
    opened.push(this);
    // Closing tells nobody: what it was until then is kept.
    this.addEventListener('connectionstatechange', () => states.set(this, this.connectionState));
  }
};

/// The connections that are open; where there are none any more, those that were.
export async function connections() {
  const open = opened.filter((peer) => peer.connectionState !== 'closed');
  return Promise.all((open.length ? open : opened).map(connection));
}

async function connection(peer) {
  return {
    state: states.get(peer) ?? peer.connectionState,
    offered: offered(peer.remoteDescription?.sdp ?? ''),
    path: peer.connectionState === 'closed' ? null : path([...(await peer.getStats()).values()]),
  };
}

// What the SFU offers: `udp 192.0.2.1:50000`.
function offered(sdp) {
  const lines = [...sdp.matchAll(/^a=candidate:\S+ 1 (\S+) \d+ (\S+) (\d+)/gm)];
  return [...new Set(lines.map(([, protocol, host, port]) => `${protocol.toLowerCase()} ${host}:${port}`))];
}

function path(stats) {
  const byId = (id) => stats.find((entry) => entry.id === id);
  const transport = stats.find((entry) => entry.type === 'transport' && entry.selectedCandidatePairId);
  const pair = byId(transport?.selectedCandidatePairId);
  const [local, remote] = [byId(pair?.localCandidateId), byId(pair?.remoteCandidateId)];
  if (!local || !remote) return null;
  return {
    protocol: local.relayProtocol ?? local.protocol,
    local: local.candidateType,
    remote: remote.candidateType,
    address: `${remote.address ?? '?'}:${remote.port}`,
    round_trip_ms: pair.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
  };
}
