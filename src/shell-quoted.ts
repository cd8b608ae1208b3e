/** A text as one word of a POSIX shell, in which nothing is expanded and nothing runs, whatever it holds. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same for what a person reads: plain words stay as they are. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+,=-]+$/.test(text) ? text : shellQuoted(text);
}
