import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** Characters. */
const REMEMBERED = 2000;

export interface Supervised {
  readonly child: ChildProcess;
  /** Fulfilled when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** The last of what it printed, to say why it ended. */
  lastWords(): string;
  /** Ends it: asks first, insists after a while. */
  stop(): Promise<void>;
}

/**
 * Looks after a server in a process of its own: it ends with us even when `stop` was not called,
 * and what it prints is kept for the case that it fails.
 *
 * By hand, because the servers are detached, so that a Ctrl-C does not reach them: `execa` ends no detached
 * process together with its own, and all the rest of it would be here for one timer.
 * @param graceMs how long `stop` waits for the end before it insists
 */
export function supervise(child: ChildProcess, graceMs = 10_000): Supervised {
  let printed = '';
  const remember = (chunk: Buffer): void => {
    printed = (printed + chunk.toString('utf8')).slice(-REMEMBERED);
  };
  child.stdout?.on('data', remember);
  child.stderr?.on('data', remember);
  const killWithUs = (): void => {
    child.kill();
  };
  process.once('exit', killWithUs);
  const exited = new Promise<void>((resolve) => {
    const ended = (): void => {
      process.off('exit', killWithUs);
      resolve();
    };
    child.once('exit', ended);
    child.once('error', ended);
  });
  return {
    child,
    exited,
    lastWords: () => printed,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const insisting = new AbortController();
      const insist = delay(graceMs, undefined, { signal: insisting.signal }).then(
        () => child.kill('SIGKILL'),
        () => false,
      );
      await exited;
      insisting.abort();
      await insist;
    },
  };
}
