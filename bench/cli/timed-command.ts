import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcStat } from '../cpu/proc-stat.ts';

/** How often the memory of a command is looked at: the peak is kept by the kernel, but goes with the process. */
const LOOK_MS = 20;

/** Milliseconds of processor time in a tick of `/proc`. */
const TICK_MS = 10;

/** What a command took, seen from outside. */
export interface TimedCommand {
  /** From the start of the process to its end. */
  readonly ms: number;
  /** Of processors, to 10 ms; null where there is no `/proc`. Only right while no other child of this process ends. */
  readonly cpuMs: number | null;
  /** Most memory that it had at a time; null where there is no `/proc`. */
  readonly peakBytes: number | null;
  readonly stdout: string;
}

/**
 * Runs a program of Node to its end.
 * @throws when it does not end with 0
 */
export async function timedCommand(program: string, argv: readonly string[]): Promise<TimedCommand> {
  const before = await readProcStat(process.pid);
  const begun = performance.now();
  const child = spawn(process.execPath, [program, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: ownEnvironment(),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let isOver = false;
  const peak = peakOf(child.pid, () => isOver);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const ms = performance.now() - begun;
  isOver = true;
  if (code !== 0)
    throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr.slice(-500) || stdout.slice(-500)}`);
  const after = await readProcStat(process.pid);
  const cpuMs = before === undefined || after === undefined ? null : (after.ended - before.ended) * TICK_MS;
  return { ms, cpuMs, peakBytes: await peak, stdout };
}

/** What somebody has set for a stack of his is not for us. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COZY_')));
}

async function peakOf(pid: number | undefined, isOver: () => boolean): Promise<number | null> {
  let peak: number | null = null;
  while (pid !== undefined && !isOver()) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    if (kilobytes !== undefined) peak = Number(kilobytes) * 1024;
    await sleep(LOOK_MS);
  }
  return peak;
}
