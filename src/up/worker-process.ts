import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { supervise } from '../embedded/child-process.ts';
import { FleetError } from '../errors.ts';
import { readParentMessage } from '../parent-message.ts';
import type { Running } from './keep-running.ts';
import { forkCommand } from './run-cli.ts';

export interface WorkerProcessOptions {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What it prints is added to this file. */
  readonly logFile: string;
  /** How long it may take to hand back its jobs. */
  readonly graceSeconds: number;
  /** Told what it waits for before it can start. */
  onWait(reason: string): void;
  /** When aborted, it is stopped even before it is ready. */
  readonly signal: AbortSignal;
}

/** A link in its place is not followed. */
const ADDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** A worker needs a moment more than its grace time to close its connections. */
const EXTRA_GRACE_MS = 3000;

/**
 * Starts `workers start` in a process of its own, and answers when it is ready.
 * @throws FleetError `worker_not_started` with the last lines it printed
 */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<Running> {
  const { args, env, logFile, graceSeconds, onWait, signal } = options;
  const output = openSync(logFile, ADDING, 0o600);
  const printedBefore = statSync(logFile).size;
  const child = forkCommand(['workers', 'start', '--wait-for-servers', ...args], env, output);
  closeSync(output);
  const running = supervise(child, graceSeconds * 1000 + EXTRA_GRACE_MS);
  const ready = new Promise<'ready'>((resolve) => {
    child.on('message', (received) => {
      const message = readParentMessage(received);
      if (message?.state === 'waiting') onWait(message.reason);
      if (message?.state === 'ready') resolve('ready');
    });
  });
  const stop = (): void => void running.stop();
  signal.addEventListener('abort', stop);
  const outcome = await Promise.race([ready, running.exited]);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (outcome !== 'ready') throw notStarted(logFile, printedBefore);
  return { pid: child.pid ?? 0, exited: running.exited, close: () => running.stop() };
}

function notStarted(logFile: string, from: number): FleetError {
  const printed = readFileSync(logFile).subarray(from).toString('utf8');
  const error = /^Error: (.*)$/ms.exec(printed)?.[1] ?? printed;
  return new FleetError(
    'worker_not_started',
    `The worker did not start: ${error.trim() || `see ${logFile}`}`,
  );
}
