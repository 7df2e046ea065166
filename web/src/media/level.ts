/** How loud samples from -1 to 1 are, from 0 (silence) to 1: decibels, as one hears. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(samples.length, 1) + 1e-9);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}

/** Tells the loudness of a microphone about twenty times in a second, until the returned function is called. */
export function listen(track: MediaStreamTrack, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    void context.resume();
    analyser.getFloatTimeDomainData(samples);
    tell(loudness(samples));
  }, 50);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
