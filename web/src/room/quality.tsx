import { ConnectionQualityIndicator, useConnectionQualityIndicator } from "@livekit/components-react";
import type { Participant, Track } from "livekit-client";
import { useEffect, useId, useState } from "react";
import { useLanguage, useWords } from "../i18n";
import { figures, sample, type Figures, type Sample } from "./figures";

/** How well somebody is connected; with figures for whoever points at it. */
export function Quality({ participant, source }: { participant: Participant; source: Track.Source }) {
  const t = useWords();
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const { quality } = useConnectionQualityIndicator({ participant });
  const words: Record<string, string> = { excellent: t.excellent, good: t.good, poor: t.poor, lost: t.lost };
  const word = words[quality] ?? t.unknown;
  const label = `${t.qualityOf(participant.name || participant.identity)}: ${word}`;
  return (
    <span className="quality" onPointerEnter={() => setOpen(true)} onPointerLeave={() => setOpen(false)}>
      <button
        type="button"
        className="tool"
        aria-label={label}
        aria-expanded={isOpen}
        aria-controls={id}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={({ key }) => key === "Escape" && setOpen(false)}
      >
        <ConnectionQualityIndicator participant={participant} aria-hidden="true" />
      </button>
      {isOpen && (
        <span className="figures" id={id} role="status">
          <strong>
            {t.quality}: {word}
          </strong>
          <Table participant={participant} source={source} />
        </span>
      )}
    </span>
  );
}

function Table({ participant, source }: { participant: Participant; source: Track.Source }) {
  const t = useWords();
  const { language } = useLanguage();
  const shown = useFigures(participant, source);
  if (!shown) return <span>…</span>;
  const say = (value: number, digits = 0) => value.toLocaleString(language, { maximumFractionDigits: digits });
  const ms = (value: number | undefined) => (value === undefined ? "–" : `${say(value)} ms`);
  const rows = [
    [t.picture, shown.width ? `${shown.width} × ${shown.height}, ${say(shown.fps)}/s` : "–"],
    [t.bitrate, `${say(shown.kbps)} kbit/s`],
    [t.loss, `${say(shown.loss, 1)} %`],
    [t.jitter, ms(shown.jitterMs)],
    [t.roundTrip, ms(shown.roundTripMs)],
    [t.codec, shown.codec ?? "–"],
  ];
  return (
    <span className="figures-table">
      {rows.map(([name, value]) => (
        <span key={name}>
          <span>{name}</span> <b>{value}</b>
        </span>
      ))}
    </span>
  );
}

/** The figures of what is shown, else of the sound; new ones every second. */
export function useFigures(participant: Participant, source: Track.Source): Figures | undefined {
  const [shown, setShown] = useState<Figures>();
  useEffect(() => {
    let before: Sample | undefined;
    const look = async () => {
      const published = participant.getTrackPublication(source) ?? [...participant.trackPublications.values()][0];
      const report = await published?.track?.getRTCStatsReport();
      if (!report) return;
      const now = sample(report.values());
      if (before) setShown(figures(before, now));
      before = now;
    };
    void look();
    const timer = setInterval(() => void look(), 1000);
    return () => clearInterval(timer);
  }, [participant, source]);
  return shown;
}
