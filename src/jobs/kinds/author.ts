/** Who had something changed, and why. */
export interface Author {
  /** Such as `user@host`. */
  readonly by: string;
  /** In their words; may be empty. */
  readonly reason: string;
}

/** Characters of who had something changed, and of why: both lie with each job. */
export const MOST_OF_BY = 256;
export const MOST_OF_REASON = 500;

/** What a record keeps of it: cut to what is read again, and without what is empty. */
export function authorFields({ by, reason }: Author): { readonly by?: string; readonly reason?: string } {
  return {
    ...(by !== '' && { by: by.slice(0, MOST_OF_BY) }),
    ...(reason !== '' && { reason: reason.slice(0, MOST_OF_REASON) }),
  };
}

/** Both in one text, for records that have no more. */
export function authorText({ by, reason }: Author): string {
  return reason === '' ? by : `${by} (${reason})`;
}
