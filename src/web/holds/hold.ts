import type { FastifyReply } from 'fastify';

/** Why an answer is not waited for any more. What it waited for goes on. */
export type HoldEnd =
  /** The client has gone, so that nobody is there to be answered. */
  | 'left'
  /** It took longer than a client may be kept waiting. */
  | 'timeout'
  /** The server closes. */
  | 'stopping';

const REASONS: Readonly<Record<HoldEnd, string>> = {
  left: 'The client has gone',
  timeout: 'It takes longer than an answer may be held',
  stopping: 'The server stops',
};

/** Thrown by whatever waits when the hold ends first. */
export class HoldOver extends Error {
  readonly endedBy: HoldEnd;

  constructor(endedBy: HoldEnd) {
    super(REASONS[endedBy]);
    this.name = 'HoldOver';
    this.endedBy = endedBy;
  }
}

/**
 * Keeps a client waiting while `work` waits, for so many seconds at most. Neither timer nor listener is left behind.
 * @param reply not sent yet
 * @param work its signal is aborted with a {@link HoldOver}; work that is begun must not depend on it
 */
export async function withHold<T>(
  { raw }: Pick<FastifyReply, 'raw'>,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const end = (by: HoldEnd): void => over.abort(new HoldOver(by));
  const leave = (): void => end('left');
  const timer = setTimeout(() => end('timeout'), seconds * 1000);
  if (raw.destroyed) leave();
  raw.once('close', leave);
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
    raw.off('close', leave);
  }
}
