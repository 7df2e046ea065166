import { useEffect, useState } from "react";
import { useWords } from "../i18n";
import { Icon } from "./icon";

/** Copies a text and says so for a moment. */
export function CopyButton({ text, label, className = "quiet" }: { text: string; label: string; className?: string }) {
  const t = useWords();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => navigator.clipboard.writeText(text).then(() => setCopied(true), () => prompt(label, text));
  return (
    <button type="button" className={className} onClick={() => void copy()}>
      <Icon name={copied ? "check" : "link"} />
      <span role="status">{copied ? t.copied : label}</span>
    </button>
  );
}
