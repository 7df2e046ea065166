// The tone that a participant sends, and the ear that tells tones apart.

// At 48 kHz this hears 85 ms and tells tones apart that are 25 Hz from each other.
const SAMPLES = 4096;

// Below this nothing is played: an Opus stream of silence.
const SILENCE = 1e-6;

// So much of what is heard is the tone, or it is none.
const SHARE = 0.5;

export const context = new AudioContext();

/// A track with a sine of this frequency.
export function tone(hertz) {
  const oscillator = new OscillatorNode(context, { frequency: hertz });
  const volume = new GainNode(context, { gain: 0.5 });
  const sink = context.createMediaStreamDestination();
  oscillator.connect(volume).connect(sink);
  oscillator.start();
  return sink.stream.getAudioTracks()[0];
}

/// Listens to a track.
export function ear(track) {
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  return analyser;
}

/// The loudness now, and which of `tones` (frequencies) it is, if it is one.
export function hear(analyser, tones) {
  const samples = new Float32Array(SAMPLES);
  analyser.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES;
  if (power < SILENCE) return { power, hertz: null };
  const shares = tones.map((hertz) => goertzel(samples, hertz) / power);
  const loudest = shares.indexOf(Math.max(...shares));
  return { power, hertz: shares[loudest] > SHARE ? tones[loudest] : null };
}

// The power of one frequency.
function goertzel(samples, hertz) {
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / context.sampleRate);
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + turn * last - before];
  return (2 * (last * last + before * before - turn * last * before)) / samples.length ** 2;
}
