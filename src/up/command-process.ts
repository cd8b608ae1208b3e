import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { supervise } from '../embedded/child-process.ts';
import type { ErrorCode } from '../error-codes.ts';
import { FleetError } from '../errors.ts';
import { readParentMessage } from '../parent-message.ts';
import type { Running } from './keep-running.ts';
import { forkCommand } from './run-cli.ts';

export interface CommandProcessOptions {
  /** What runs, for errors: `The worker`. */
  readonly name: string;
  /** The command and its flags. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What it prints is added to this file. */
  readonly logFile: string;
  /** How long it may take to end what it does. */
  readonly graceSeconds: number;
  /** Told what it waits for before it can start. */
  onWait(reason: string): void;
  /** When aborted, it is stopped even before it is ready. */
  readonly signal: AbortSignal;
  /** Of the error when it does not start. */
  readonly errorCode: ErrorCode;
}

/** A link in its place is not followed. */
const ADDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** A command needs a moment more than its grace time to close its connections. */
const EXTRA_GRACE_MS = 3000;

/**
 * Starts a command that runs until it is stopped in a process of its own, and answers when it is ready.
 * @throws FleetError of that code, with the last lines it printed
 */
export async function startCommandProcess(options: CommandProcessOptions): Promise<Running> {
  const { args, env, logFile, graceSeconds, onWait, signal } = options;
  const output = openSync(logFile, ADDING, 0o600);
  const printedBefore = statSync(logFile).size;
  const child = forkCommand(args, env, output);
  closeSync(output);
  const running = supervise(child, graceSeconds * 1000 + EXTRA_GRACE_MS);
  const ready = new Promise<'ready'>((resolve) => {
    child.on('message', (received) => {
      const message = readParentMessage(received);
      if (message === undefined) return;
      if (message.state === 'waiting') onWait(message.reason);
      else resolve('ready');
    });
  });
  const stop = (): void => void running.stop();
  signal.addEventListener('abort', stop);
  const outcome = await Promise.race([ready, running.exited]);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (outcome !== 'ready') throw notStarted(options, printedBefore);
  return { pid: child.pid ?? 0, exited: running.exited, close: () => running.stop() };
}

function notStarted({ name, logFile, errorCode }: CommandProcessOptions, from: number): FleetError {
  const printed = readFileSync(logFile).subarray(from).toString('utf8');
  const error = /^Error: (.*)$/ms.exec(printed)?.[1] ?? printed;
  return new FleetError(errorCode, `${name} did not start: ${error.trim() || `see ${logFile}`}`);
}
