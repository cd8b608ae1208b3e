/** Writes to stdout, and waits where the reader is slower. */
export async function writeStdout(text: string): Promise<void> {
  if (text === '') return;
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, 'utf8', (error) => (error ? reject(error) : resolve()));
  });
}

/** Whether the reader of stdout has gone, as `head` does when it has enough. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
