import { readdir, readFile } from 'node:fs/promises';

/** Ticks of the kernel in a second as `/proc` counts them: USER_HZ, which is 100 wherever Node runs. */
const TICKS_PER_SECOND = 100;

/** What `/proc/<pid>/stat` says of one process, in ticks. */
export interface ProcStat {
  readonly pid: number;
  readonly parent: number;
  /** Name of the program, cut after 15 characters. */
  readonly name: string;
  /** Processor time of its own, user and system. */
  readonly own: number;
  /** Of its children that have ended and were waited for, theirs included. */
  readonly ended: number;
}

/** @returns undefined for a text that is not of this format (`man 5 proc_pid_stat`) */
export function parseProcStat(text: string): ProcStat | undefined {
  // The name may hold anything, brackets and blanks too: what follows begins after the last one.
  const match = /^(\d+) \((.*)\) (.*)$/s.exec(text.trim());
  if (match === null) return undefined;
  const [, pid = '', name = '', rest = ''] = match;
  const fields = rest.split(' ');
  // `rest` begins with the third field, the state.
  const field = (number: number): number => Number(fields[number - 3] ?? Number.NaN);
  const stat = {
    pid: Number(pid),
    parent: field(4),
    name,
    own: field(14) + field(15),
    ended: field(16) + field(17),
  };
  return Number.isNaN(stat.parent + stat.own + stat.ended) ? undefined : stat;
}

/**
 * Processor time of a process and of all that descend from it, those included that have ended: a CouchDB runs JavaScript
 * in processes of their own.
 * @returns milliseconds; undefined when there is no such process
 */
export function treeCpuMs(root: number, stats: readonly ProcStat[]): number | undefined {
  const first = stats.find(({ pid }) => pid === root);
  if (first === undefined) return undefined;
  const seen = new Set([root]);
  const tree = [first];
  for (const { pid } of tree) {
    const children = stats.filter((stat) => stat.parent === pid && !seen.has(stat.pid));
    for (const child of children) seen.add(child.pid);
    tree.push(...children);
  }
  const ticks = tree.reduce((sum, { own, ended }) => sum + own + ended, 0);
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** All processes that can be seen; none where there is no `/proc`. */
export async function readProcStats(): Promise<ProcStat[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readProcStat(Number(pid))));
  return stats.flatMap((stat) => (stat === undefined ? [] : [stat]));
}

/** @returns undefined when the process has ended, or may not be seen */
export async function readProcStat(pid: number): Promise<ProcStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return parseProcStat(text);
}
