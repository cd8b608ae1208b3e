/** Whether the reader of stdout has gone, as `head` does when it has enough. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
