/** What somebody goes into a call with; kept for the next call in this browser. */
export interface Choices {
  audio: boolean;
  video: boolean;
  microphone: string;
  camera: string;
}

const KEY = "urbania.devices";

export const usual: Choices = { audio: true, video: true, microphone: "", camera: "" };

export function choices(): Choices {
  try {
    return understood(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return usual;
  }
}

export function understood(kept: unknown): Choices {
  const given = (typeof kept === "object" && kept !== null ? kept : {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return {
    audio: given["audio"] !== false,
    video: given["video"] !== false,
    microphone: text(given["microphone"]),
    camera: text(given["camera"]),
  };
}

export const keep = (choices: Choices) => localStorage.setItem(KEY, JSON.stringify(choices));
