import { awayFor, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { count, readableDuration } from '../../quantity-text.ts';

/** Columns of a list of workers: new ones come last, for programs that count them. */
export const WORKER_HEAD = [
  'ID',
  'HOST',
  'PID',
  'RUNNING',
  'SINCE',
  'WAITS FOR',
  'VERSION',
  'DONE',
  'FAILED',
  'STATE',
  'JOBS',
] as const;

/** Jobs that are named in a line. */
const NAMED = 2;

/** The last time that a date can have, in milliseconds since 1970. */
const LAST_TIME_MS = 8.64e15;

/** @param now milliseconds since 1970 */
export function workerCells(worker: WorkerState, now: number): string[] {
  const { id, host, pid, running, concurrency, startedAt, version, done, failed } = worker;
  return [
    id,
    host,
    String(pid),
    `${running}/${concurrency}`,
    Math.abs(startedAt) <= LAST_TIME_MS ? new Date(startedAt).toISOString().replace(/\.\d+Z$/, 'Z') : '-',
    awayFor(worker) || '-',
    version || '-',
    String(done),
    String(failed),
    stateText(worker, now),
    jobsText(worker),
  ];
}

function stateText({ silent, silentMs, draining }: WorkerState, now: number): string {
  const drained =
    draining === undefined
      ? []
      : [
          `draining, by ${draining.by} ${readableDuration(Math.max(0, now - draining.at))} ago` +
            (draining.reason === '' ? '' : `: ${draining.reason}`),
        ];
  const said = silent ? [`silent for ${Math.round(silentMs / 1000)} s`] : [];
  return [...said, ...drained].join('; ') || 'alive';
}

/** What it is at; its heartbeat may name fewer jobs than run. */
function jobsText({ jobs, running }: WorkerState): string {
  const named = jobs.slice(0, NAMED).map(({ kind, domain }) => `${kind} ${domain}`);
  const more = running - named.length;
  return [...named, ...(more > 0 ? [`${count(more)} more`] : [])].join(', ') || '-';
}
