import type { Batch } from '../../jobs/batches/batches.ts';
import { JOB_KINDS } from '../../jobs/kinds/job-kinds.ts';
import type { WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { endedRows, queuedRows } from '../../operations/batches/batch-state.ts';
import { count, readableDuration } from '../../quantity-text.ts';
import { clipped, oneLine } from '../../safe-text.ts';
import { START_A_WORKER, waitsOf } from '../terminal/worker-notice.ts';

/** What is shown of a batch while it runs. */
export interface BatchView {
  readonly batch: Batch;
  readonly workers: readonly WorkerState[];
  /** Rows that end per second; undefined until it can be told. */
  readonly rate: number | undefined;
}

const BAR = 26;

/** Columns that the name of a batch may take. */
const LONGEST_NAME = 40;

/** Which batch it is. */
export function batchTitle({ id, name, total }: Batch): string {
  return `Batch ${id}  "${shortened(oneLine(name))}"   ${count(total)} instance${total === 1 ? '' : 's'}`;
}

/** Lines of the block that is redrawn on a terminal (`ARCHITECTURE.md` §1). @param columns its width */
export function progressBlock(view: BatchView, columns: number): string[] {
  const { batch, workers } = view;
  const { kind, total, counts } = batch;
  const words = JOB_KINDS[kind].words;
  const people = `${workers.length} worker${workers.length === 1 ? '' : 's'}`;
  const speed = speedText(view).map((text) => `   ${text}`);
  const lines = [
    `${batchTitle(batch)}   ${people}`,
    `  ${words.done.padEnd(9)} ${bar(endedRows(batch) / Math.max(total, 1))}  ${counts.done}/${total}${speed.join('')}`,
    `  failed ${counts.failed}   retrying ${counts.retrying}   skipped (${words.skipped}) ${counts.skipped}${fewTexts(batch, '   ')}`,
    ...[...queuedText(batch), ...attention(view)].map((text) => `  ${text}`),
  ];
  return lines.map((line) => clipped(line, Math.max(columns - 1, 20)));
}

/** The same in one line, for a log. */
export function progressLine(view: BatchView): string {
  const { batch } = view;
  const { done, failed, retrying, skipped } = batch.counts;
  const speed = [...queuedText(batch), ...speedText(view)];
  return [
    `${JOB_KINDS[batch.kind].words.done} ${done}/${batch.total}, failed ${failed}, retrying ${retrying}, skipped ${skipped}${fewTexts(batch, ', ')}`,
    ...(speed.length === 0 ? [] : [`(${speed.join(', ')})`]),
  ].join(' ');
}

/** What keeps a batch from going on. */
export function attention({ batch, workers }: BatchView): string[] {
  const waits = waitsOf(workers);
  return [
    ...(workers.length === 0 ? [`No worker is running. Start one: ${START_A_WORKER}`] : []),
    ...(waits.length > 0 ? [`The workers wait for ${waits.join(' and ')}.`] : []),
    ...(batch.halt === undefined ? [] : [`Stopped (${batch.halt}): waiting rows are passed over.`]),
  ];
}

/** How much of a file has reached the queue, while not all of it has. */
function queuedText(batch: Batch): string[] {
  const queued = queuedRows(batch);
  return queued < batch.total ? [`${count(queued)} of ${count(batch.total)} queued`] : [];
}

/** States that most batches do not know. */
function fewTexts({ counts }: Batch, separator: string): string {
  const states = ['incomplete', 'cancelled'] as const;
  return states
    .filter((state) => counts[state] > 0)
    .map((state) => `${separator}${state} ${counts[state]}`)
    .join('');
}

function speedText({ batch, rate }: BatchView): string[] {
  if (rate === undefined || rate <= 0) return [];
  const left = batch.total - endedRows(batch);
  const speed = `${rate.toFixed(1)}/s`;
  return left <= 0 ? [speed] : [speed, `about ${readableDuration((left / rate) * 1000)} left`];
}

function bar(part: number): string {
  const full = Math.min(BAR, Math.floor(part * BAR));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

function shortened(name: string): string {
  const short = clipped(name, LONGEST_NAME);
  return short === name ? name : `${clipped(name, LONGEST_NAME - 1)}…`;
}
