import { useId, type InputHTMLAttributes, type ReactNode } from "react";

type Input = InputHTMLAttributes<HTMLInputElement>;

/** A labelled line of text. */
export function Field({ label, hint, ...input }: Input & { label: string; hint?: string }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-describedby={hint ? `${id}-hint` : undefined} {...input} />
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Something that is on or off. */
export function Switch({ label, hint, ...input }: Input & { label: string; hint: string }) {
  const id = useId();
  return (
    <div className="switch">
      <input id={id} type="checkbox" role="switch" aria-describedby={`${id}-hint`} {...input} />
      <label htmlFor={id}>{label}</label>
      <p className="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}

/** One of a list. */
export function Choice(props: {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  empty: string;
  onChoose: (value: string) => void;
}) {
  const id = useId();
  const { label, value, options, empty, onChoose } = props;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} disabled={!options.length} onChange={({ target }) => onChoose(target.value)}>
        {options.length ? (
          options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))
        ) : (
          <option value="">{empty}</option>
        )}
      </select>
    </div>
  );
}

/** What went wrong, said at once by a screen reader. */
export function Problem({ children }: { children: ReactNode }) {
  return children ? (
    <p className="problem" role="alert">
      {children}
    </p>
  ) : null;
}
