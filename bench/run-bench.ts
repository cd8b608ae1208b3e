import { EXIT } from '../src/cli/terminal/exit-codes.ts';

/** What has to be done at the end, however the run ends: the last first. */
export type Closers = (() => Promise<void> | void)[];

/**
 * Runs a benchmark. What was made on somebody's server goes, and what was changed there is put back, also after a
 * failure or a signal; a second signal changes nothing about it. It measures and does not judge: only a run without
 * figures is a failure.
 */
export async function runBench(
  work: (interrupted: AbortSignal, closers: Closers) => Promise<void>,
): Promise<void> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      console.error(`${signal}: removing what was made, and putting back what was changed`);
      interrupt.abort(new DOMException(signal, 'AbortError'));
    });
  }
  const closers: Closers = [];
  try {
    await work(interrupt.signal, closers);
  } catch (error) {
    console.error(interrupt.signal.aborted ? 'interrupted' : error instanceof Error ? error.message : error);
    process.exitCode = interrupt.signal.aborted ? EXIT.interrupted : EXIT.failed;
  } finally {
    await closeAll(closers);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  }
}

/** One that fails does not keep the others open. */
async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      console.error('closing:', error instanceof Error ? error.message : error);
      process.exitCode ??= EXIT.failed;
    }
  }
}
