/** The code of a one-time link, out of a fragment such as `#code=…`. */
export function codeIn(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("code") || null;
}

/** The code in this page's address, which is there no longer: neither history nor a shared screen keeps it. */
export function takeCode(): string | null {
  const code = codeIn(location.hash);
  if (code) history.replaceState(null, "", location.pathname + location.search);
  return code;
}
