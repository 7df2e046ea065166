import { ChatEntry, formatChatMessageLinks } from "@livekit/components-react";
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { useWords } from "../i18n";
import { Icon } from "../parts/icon";
import { openerOf, useCall } from "./context";
import { useTalk } from "./talk";

export function ChatPanel() {
  const t = useWords();
  const { attempt } = useCall();
  const { chatMessages, send, isSending } = useTalk();
  const [text, setText] = useState("");
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // It may return something, which is no way to clean up.
    void end.current?.scrollIntoView({ block: "end" });
  }, [chatMessages.length]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const message = text.trim();
    if (message) void attempt(() => send(message).then(() => setText("")));
  };
  return (
    <SidePanel title={t.chat}>
      {chatMessages.length === 0 && <p className="empty">{t.noMessages}</p>}
      <ul className="messages" aria-live="polite">
        {chatMessages.map((message) => (
          <ChatEntry key={message.id} entry={message} messageFormatter={formatChatMessageLinks} />
        ))}
        <li ref={end} aria-hidden="true" />
      </ul>
      <form className="say" onSubmit={submit}>
        <input value={text} onChange={({ target }) => setText(target.value)} aria-label={t.message} placeholder={t.message} maxLength={2000} autoComplete="off" />
        <button type="submit" className="round primary" aria-label={t.send} title={t.send} disabled={isSending || !text.trim()}>
          <Icon name="send" />
        </button>
      </form>
    </SidePanel>
  );
}

/** A column beside the stage; on a phone it lies over it. It gives the focus back to the button that opens it. */
export function SidePanel({ title, children }: { title: string; children: ReactNode }) {
  const t = useWords();
  const { panel, setPanel } = useCall();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    return () => {
      // Whoever has opened the other panel is there already.
      if (document.activeElement === document.body) document.getElementById(openerOf(panel))?.focus();
    };
    // It is the same as long as this one is shown.
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside className="panel" aria-label={title} onKeyDown={({ key }) => key === "Escape" && setPanel(null)}>
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className="tool" aria-label={t.close} title={t.close} onClick={() => setPanel(null)}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </aside>
  );
}
