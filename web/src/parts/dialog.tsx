import { useEffect, useRef } from "react";
import { useWords } from "../i18n";

/** Asks before something cannot be undone. The browser's own dialog keeps the focus in it. */
export function Confirm({ question, yes, onYes, onNo }: { question: string; yes: string; onYes: () => void; onNo: () => void }) {
  const t = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => void dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="card confirm" aria-label={question} onClose={onNo}>
      <p>{question}</p>
      <div className="row end">
        <button type="button" onClick={onNo}>
          {t.cancel}
        </button>
        <button type="button" className="danger" onClick={onYes}>
          {yes}
        </button>
      </div>
    </dialog>
  );
}
