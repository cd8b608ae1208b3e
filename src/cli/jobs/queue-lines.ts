import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import type { QueueStats, WantedBy, WorkerTotals } from '../../operations/queue/queue-stats.ts';
import { count, counted, readableDuration } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';

/**
 * The queue as a whole, a line for each side of it.
 * @param now milliseconds since 1970
 */
export function queueLines(stats: QueueStats, now: number): string[] {
  const { jobs, oldestWaiting, workers, paused, concurrency, rate, away, batches } = stats;
  const lines: [head: string, text: string][] = [
    [
      'Jobs',
      `${count(jobs.waiting)} waiting, ${count(jobs.active)} active, ${count(jobs.retrying)} retrying`,
    ],
    ['Oldest', oldestWaiting === undefined ? 'none waits' : `waits for ${ago(oldestWaiting, now)}`],
    ['Ended', endedText(stats)],
    ['Workers', workersText(workers)],
    ['Paused', paused === undefined ? 'no' : `yes${wantedText(paused, now)}`],
    [
      'Concurrency',
      concurrency === undefined
        ? 'no limit'
        : `${counted(concurrency.most, 'job')} at a time${wantedText(concurrency, now)}`,
    ],
    ['Rate', rate === undefined ? 'no limit' : `${rate.limit}${wantedText(rate, now)}`],
    ...away.map(({ name, reason }): [string, string] => ['Away', `${name}: ${reason}`]),
    ...batches.map(({ batch, kind, name, total, ended }): [string, string] => [
      'Batch',
      `${batch} ${stageLabel(kind)} ${name}: ${count(ended)} of ${count(total)} ended`,
    ]),
  ];
  const width = Math.max(...lines.map(([head]) => head.length));
  return lines.map(([head, text]) => oneLine(`${head.padEnd(width)}  ${text}`));
}

function endedText({ jobs, endedLastMinute }: QueueStats): string {
  const { done, skipped, incomplete, failed, cancelled } = endedLastMinute;
  const sum = done + skipped + incomplete + failed + cancelled;
  const bad = incomplete + failed;
  const kept = `${count(jobs.done)} done and ${count(jobs.failed)} failed are kept`;
  return `${count(sum)} in the last minute${bad === 0 ? '' : `, ${count(bad)} of them failed`}; ${kept}`;
}

/** How many workers there are, and what is with those that do not work. */
function workersText({ working, waiting, draining, silent, slots }: WorkerTotals): string {
  const parts = [
    [waiting, 'waiting for what is away'],
    [draining, 'draining'],
    [silent, 'silent'],
  ] as const;
  const others = parts.flatMap(([number, what]) => (number === 0 ? [] : [`${count(number)} ${what}`]));
  const all = working + waiting + draining + silent;
  return [`${count(all)} with ${count(slots)} slots`, ...others].join(', ');
}

/** Who wanted it, since when and why. */
export function wantedText({ by, reason, since }: WantedBy, now: number): string {
  if (by === undefined || since === undefined) return ', by something else than cozy-fleet';
  return `, by ${by} ${ago(since, now)} ago${reason === undefined ? '' : `: ${reason}`}`;
}

function ago(time: string, now: number): string {
  return readableDuration(Math.max(0, now - Date.parse(time)));
}
