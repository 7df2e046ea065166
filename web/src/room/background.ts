import type { LocalVideoTrack } from "livekit-client";

export type Background = "none" | "blur" | "dusk";

/** What is behind whoever is in front of the camera: a processor is called after it. */
export function backgroundOf(track: Pick<LocalVideoTrack, "getProcessor">): Background {
  const name = track.getProcessor()?.name;
  return name === "blur" || name === "dusk" ? name : "none";
}

/** Puts another background behind whoever is in front of the camera. What finds them comes from this server. */
export async function setBackground(track: LocalVideoTrack, background: Background) {
  if (background === "none") return track.stopProcessor();
  const { BackgroundProcessor, supportsBackgroundProcessors } = await import("@livekit/track-processors");
  if (!supportsBackgroundProcessors()) throw new Error("not here");
  const assetPaths = { tasksVisionFileSet: import.meta.env.VISION, modelAssetPath: `${import.meta.env.VISION}/selfie.tflite` };
  const usual = { assetPaths, segmenterOptions: { delegate: hasGraphics() ? "GPU" : "CPU" } as const };
  const processor =
    background === "blur"
      ? BackgroundProcessor({ mode: "background-blur", blurRadius: 12, ...usual }, "blur")
      : BackgroundProcessor({ mode: "virtual-background", imagePath: await dusk(), ...usual }, "dusk");
  await track.setProcessor(processor);
}

/** A graphics processor that is made up by the other one is slower than that one by itself. */
function hasGraphics(): boolean {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer: unknown = info && gl?.getParameter(info.UNMASKED_RENDERER_WEBGL);
  return typeof renderer !== "string" || !/swiftshader|llvmpipe|software|basic render/i.test(renderer);
}

/** A sky over a town, painted here: no picture has to be loaded. */
async function dusk(): Promise<string> {
  const canvas = new OffscreenCanvas(1280, 720);
  const paint = canvas.getContext("2d");
  if (!paint) throw new Error("no canvas");
  const sky = paint.createLinearGradient(0, 0, 0, 720);
  for (const [at, colour] of [[0, "#1c2b4a"], [0.6, "#6f5a7e"], [0.85, "#e2926a"], [1, "#f4c38a"]] as const) sky.addColorStop(at, colour);
  paint.fillStyle = sky;
  paint.fillRect(0, 0, 1280, 720);
  paint.fillStyle = "#16213a";
  for (let x = 0, i = 0; x < 1280; i += 1) {
    const width = 50 + ((i * 37) % 60);
    const height = 90 + ((i * 83) % 190);
    paint.fillRect(x, 720 - height, width - 6, height);
    x += width;
  }
  return URL.createObjectURL(await canvas.convertToBlob());
}
