/** A picture and a tone that nobody has to make: each number has a colour and a pitch of its own. */
export interface Fake {
  video: MediaStreamTrack;
  audio: MediaStreamTrack;
  stop: () => void;
}

const colours = ["#0d6b62", "#8a4b2d", "#3f5f8f", "#7a4a78", "#5b6a2c", "#94405a", "#2f6f8a", "#8a6a1f", "#55557f"];

/** Two tones apart from each other are a whole tone apart. */
export const pitch = (number: number): number => 220 * 2 ** (((number % 9) * 2) / 12);

export function fake(name: string, number: number): Fake {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 360;
  const paint = canvas.getContext("2d");
  const draw = () => paint && picture(paint, name, colours[number % colours.length] ?? "#333");
  draw();
  const timer = setInterval(draw, 1000 / 20);
  const video = canvas.captureStream(20).getVideoTracks()[0];
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: pitch(number) });
  const volume = new GainNode(context, { gain: 0.1 });
  const out = context.createMediaStreamDestination();
  tone.connect(volume).connect(out);
  tone.start();
  const audio = out.stream.getAudioTracks()[0];
  if (!video || !audio) throw new Error("this browser makes no streams");
  const stop = () => {
    clearInterval(timer);
    video.stop();
    audio.stop();
    void context.close();
  };
  return { video, audio, stop };
}

/** The name, a clock, and a hand that goes round: a picture that stands still is seen to stand still. */
function picture(paint: CanvasRenderingContext2D, name: string, colour: string) {
  const { width, height } = paint.canvas;
  const now = new Date();
  paint.fillStyle = colour;
  paint.fillRect(0, 0, width, height);
  const turn = ((now.getTime() % 2000) / 2000) * 2 * Math.PI;
  paint.strokeStyle = "rgb(255 255 255 / 35%)";
  paint.lineWidth = 18;
  paint.lineCap = "round";
  paint.beginPath();
  paint.arc(width / 2, height / 2, 130, turn, turn + 1.6);
  paint.stroke();
  paint.fillStyle = "#fff";
  paint.textAlign = "center";
  paint.font = "600 56px sans-serif";
  paint.fillText(name, width / 2, height / 2 + 8);
  paint.font = "28px monospace";
  paint.fillText(`${now.toTimeString().slice(0, 8)}.${String(now.getMilliseconds()).padStart(3, "0")}`, width / 2, height / 2 + 56);
}
