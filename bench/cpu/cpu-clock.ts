import { readProcStats, treeCpuMs } from './proc-stat.ts';

/** Processes that an instance costs something; `client` is this one. */
export const PROCESSES = ['server', 'worker', 'redis', 'client', 'stack'] as const;

export type ProcessName = (typeof PROCESSES)[number];

/** Processor time of one process and its children since they began. */
export interface CpuClock {
  readonly process: ProcessName;
  /** @returns milliseconds; undefined where it is not known, as of another machine */
  read(): Promise<number | undefined>;
}

/** Milliseconds of processor time; null where it is not known. */
export type Cpu = Readonly<Partial<Record<ProcessName, number | null>>>;

/** This process: its own threads, to the microsecond. */
export const clientClock: CpuClock = {
  process: 'client',
  read: async () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** A process by its number, with all that descend from it. @param pid undefined where nobody knows it */
export function pidClock(process: ProcessName, pid: number | undefined): CpuClock {
  return {
    process,
    read: async () => (pid === undefined ? undefined : treeCpuMs(pid, await readProcStats())),
  };
}

/**
 * Starts several clocks. What reading them costs this process is not counted: its own is started last, and read first.
 * @returns tells what has passed since on each
 */
export async function startClocks(clocks: readonly CpuClock[]): Promise<() => Promise<Cpu>> {
  const ordered = [...clocks].sort((a, b) => rank(a) - rank(b));
  const before = new Map<ProcessName, number | undefined>();
  for (const clock of ordered.toReversed()) before.set(clock.process, await clock.read());
  return async () => {
    const passed = new Map<ProcessName, number | null>();
    for (const clock of ordered) {
      passed.set(clock.process, difference(before.get(clock.process), await clock.read()));
    }
    return Object.fromEntries(passed);
  };
}

/** The order in which clocks are read: their own process first. */
function rank({ process }: CpuClock): number {
  return process === 'client' ? 0 : 1;
}

function difference(before: number | undefined, after: number | undefined): number | null {
  return before === undefined || after === undefined ? null : after - before;
}

/** All processes together; null as long as one of them is not known. */
export function together(cpu: Cpu): number | null {
  return Object.values(cpu).reduce<number | null>(
    (sum, ms) => (sum === null || ms === null ? null : sum + ms),
    0,
  );
}
