/** Where a command's words go. */
export interface Output {
  /** What was asked for: a line on stdout, nothing with `--json`. */
  line(text: string): void;
  /** What an operator should know beside it: a line on stderr. */
  note(text: string): void;
}
