import type { Settings } from './settings.ts';

/** Queue over raw requests, and CPU of the worker an instance. */
export const GOALS = { ratio: 0.9, cpuMs: 15 } as const;

/** One round: both sides on the same server, one right after the other. */
export interface Round {
  readonly first: 'raw' | 'queue';
  /** Instances a second. */
  readonly raw: number;
  readonly queue: number;
  /** Queue over raw. */
  readonly ratio: number;
  /** CPU of the worker's process, user and system, in milliseconds an instance. */
  readonly cpuMs: { readonly user: number; readonly system: number };
  /** CPU of the process that sends the raw requests. */
  readonly rawCpuMs: number;
  /** Requests to CouchDB an instance. */
  readonly requests: { readonly raw: number; readonly queue: number };
  /** Mean milliseconds of each stage. */
  readonly stages: Readonly<Record<string, number>>;
}

export interface ServerFacts {
  readonly real: boolean;
  readonly version: string;
  readonly q: number | undefined;
}

export interface Summary {
  readonly medianRatio: number;
  readonly medianCpuMs: number;
  readonly raw: number;
  readonly queue: number;
  readonly rawCpuMs: number;
  readonly requests: Round['requests'];
  readonly stages: Readonly<Record<string, number>>;
}

export function summarize(rounds: readonly Round[]): Summary {
  const stages = Object.keys(rounds[0]?.stages ?? {});
  return {
    medianRatio: median(rounds.map(({ ratio }) => ratio)),
    medianCpuMs: median(rounds.map(({ cpuMs }) => cpuMs.user + cpuMs.system)),
    raw: median(rounds.map(({ raw }) => raw)),
    queue: median(rounds.map(({ queue }) => queue)),
    rawCpuMs: median(rounds.map(({ rawCpuMs }) => rawCpuMs)),
    requests: {
      raw: median(rounds.map(({ requests }) => requests.raw)),
      queue: median(rounds.map(({ requests }) => requests.queue)),
    },
    stages: Object.fromEntries(
      stages.map((stage) => [stage, median(rounds.map((round) => round.stages[stage] ?? 0))]),
    ),
  };
}

export function headerText(settings: Settings, { real, version, q }: ServerFacts): string {
  const { rounds, instances, concurrency, connections, settle, warmUp } = settings;
  const server = real
    ? `CouchDB ${version}${q === undefined ? '' : `, q=${q}`}`
    : `embedded CouchDB (${version}); the goals are for a real CouchDB 3: set COUCHDB_URL`;
  return `Creating instances: the least raw requests, and a batch through the whole queue

  server    ${server}
  node      ${process.version}, the worker in a process of its own, run from the sources
  each side ${instances} instances a round, ${concurrency} at a time, ${connections} connections; ${rounds} rounds, warmed up with ${warmUp}
  raw       reservation, 16 PUT, a _bulk_docs per database with documents, final document; 6 mkdir
  between   a side's instances are deleted, outside of the clock, and CouchDB gets time until it is idle
            (it goes on building indexes), ${settle / 1000} s at least; the order is swapped each round

  round   raw inst/s   queue inst/s   ratio   worker CPU (user + system)   first`;
}

export function roundText(number: number, { raw, queue, ratio, cpuMs, first }: Round): string {
  const cpu = `${fixed(cpuMs.user + cpuMs.system, 4)} ms (${fixed(cpuMs.user)} + ${fixed(cpuMs.system)})`;
  return `  ${String(number).padEnd(5)}   ${fixed(raw, 10)}   ${fixed(queue, 12)}   ${ratio.toFixed(2).padStart(5)}   ${cpu.padEnd(26)}   ${first}`;
}

export function summaryText(summary: Summary): string {
  const { medianRatio, medianCpuMs, requests, rawCpuMs, stages } = summary;
  const times = Object.entries(stages).map(([stage, ms]) => `${stage} ${ms.toFixed(0)}`);
  return `
  median ratio             ${medianRatio.toFixed(2)}        goal ≥ ${GOALS.ratio} on a real CouchDB 3
  median worker CPU        ${medianCpuMs.toFixed(1)} ms     goal ≤ ${GOALS.cpuMs} ms an instance (raw requests: ${rawCpuMs.toFixed(1)} ms)
  requests an instance     ${requests.queue.toFixed(1)}        raw: ${requests.raw.toFixed(1)}
  ms of a job              ${times.join(', ')} stages`;
}

function fixed(value: number, width = 0): string {
  return value.toFixed(1).padStart(width);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
