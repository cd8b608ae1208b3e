import { EXIT } from './exit-codes.ts';

/** npm passes on the signal that the terminal already sent us: one Ctrl-C arrives twice. */
const ECHO_MS = 500;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type StopSignal = (typeof SIGNALS)[number];

export interface StopRequests {
  /** Aborted by the first request to stop. */
  readonly signal: AbortSignal;
  /** Fulfilled by the first request to stop; it says what it was. */
  readonly first: Promise<StopSignal | 'disconnect'>;
  /** Lets signals end the process again as they used to. */
  close(): void;
}

/**
 * Listens for requests to stop: a signal, or the end of the parent where there is a channel to it.
 * The first one is only told; a second signal leaves at once.
 */
export function listenForStop(): StopRequests {
  const controller = new AbortController();
  let firstAt = 0;
  let settle: (request: StopSignal | 'disconnect') => void = () => undefined;
  const first = new Promise<StopSignal | 'disconnect'>((resolve) => {
    settle = resolve;
  });
  const request = (what: StopSignal | 'disconnect'): void => {
    firstAt = performance.now();
    settle(what);
    controller.abort(new Error('asked to stop'));
  };
  const onSignal = (signal: StopSignal): void => {
    if (!controller.signal.aborted) {
      request(signal);
      return;
    }
    if (performance.now() - firstAt < ECHO_MS) return;
    process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.failed);
  };
  const onDisconnect = (): void => {
    if (!controller.signal.aborted) request('disconnect');
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  if (process.connected) process.on('disconnect', onDisconnect);
  return {
    signal: controller.signal,
    first,
    close() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off('disconnect', onDisconnect);
    },
  };
}
