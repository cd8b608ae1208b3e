import { type ChildProcess, spawn } from 'node:child_process';
import { finished } from 'node:stream/promises';
import { ownModule } from './own-process.ts';

const MAIN = ownModule('./run-cli-main', import.meta.url);

/** A command line from the sources, as its own process in a directory of the test's. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Both streams as they came. */
  output(): string;
  /** Waits until it has printed this; fails when it ends without. */
  untilSaid(text: string | RegExp): Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Gives it a channel to us, as `up` does to its workers. */
  readonly channel?: boolean;
  /** What it reads from its standard input; nothing otherwise. */
  readonly stdin?: string;
}

/** Program and arguments of a command. */
export function commandLine(...argv: string[]): [program: string, ...parameters: string[]] {
  return [process.execPath, ...MAIN.execArgv, MAIN.file, ...argv];
}

/** Starts a command with nothing configured but what is in `cwd`, which is its home as well. */
export function runIn({ cwd, env = {}, channel = false, stdin }: RunOptions, ...argv: string[]): Running {
  const [program, ...parameters] = commandLine(...argv);
  const child = spawn(program, parameters, {
    cwd,
    env: { ...withoutSettings(), HOME: cwd, XDG_CONFIG_HOME: cwd, ...env },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(channel ? (['ipc'] as const) : [])],
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  let printed = '';
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  const remember = (chunk: Buffer): void => {
    printed += chunk.toString();
    notify();
  };
  child.stdout?.on('data', remember);
  child.stderr?.on('data', remember);
  let hasEnded = false;
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
  // Not the child's `close`: it never comes after a `disconnect` of ours.
  const closed = [child.stdout, child.stderr].map((stream) => stream && finished(stream));
  const ended = Promise.all([exited, ...closed]).then(([outcome]) => {
    hasEnded = true;
    notify();
    return outcome;
  });
  return {
    child,
    pid: child.pid ?? 0,
    output: () => printed,
    ended,
    untilSaid: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const isThere = typeof text === 'string' ? printed.includes(text) : text.test(printed);
          if (!isThere && !hasEnded) return;
          listeners.delete(look);
          if (isThere) resolve();
          else reject(new Error(`${argv.join(' ')} ended without saying ${text}:\n${printed}`));
        };
        listeners.add(look);
        look();
      }),
  };
}

function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COZY_')));
}

/** Whether a process with this id lives, and is no zombie of ours. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
