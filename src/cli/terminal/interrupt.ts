import { EXIT, type ExitCode } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Milliseconds that a command may take to end in good order: a server that says nothing must not hold it up. */
const GRACE_MS = 1_500;

/**
 * Does `work` with a signal that Ctrl-C and SIGTERM abort. A second one ends the process at once, for then nothing
 * listens any more. So does the first one where the command is not done a moment later, whatever it waits for.
 * @param leave ends the process
 */
export async function withInterrupt<T>(
  work: (signal: AbortSignal) => Promise<T>,
  leave: (code: ExitCode) => void = (code) => process.exit(code),
): Promise<T> {
  const controller = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  const listenNoMore = (): void => {
    for (const name of SIGNALS) process.off(name, interrupt);
  };
  const interrupt = (): void => {
    grace = setTimeout(() => leave(EXIT.interrupted), GRACE_MS).unref();
    listenNoMore();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    listenNoMore();
    clearTimeout(grace);
  }
}
