import { clipped } from '../../clipped.ts';
import { wordsOfBatch } from '../../jobs/batches/batch-kind.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { endedRows, queuedRows } from '../../operations/batches/batch-state.ts';
import type { BatchView } from '../../operations/batches/follow-batch.ts';
import { secondsLeft } from '../../operations/batches/watch-snapshot.ts';
import { count, readableDuration } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import { holdTexts } from './hold-texts.ts';

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
  const words = wordsOfBatch(kind);
  const speed = speedText(view).map((text) => `   ${text}`);
  const lines = [
    `${batchTitle(batch)}   ${workersText(workers.length)}`,
    `  ${words.done.padEnd(9)} ${bar(endedRows(batch) / Math.max(total, 1))}  ${counts.done}/${total}${speed.join('')}`,
    `  failed ${counts.failed}   retrying ${counts.retrying}   skipped (${words.skipped}) ${counts.skipped}${fewTexts(batch, '   ')}`,
    ...[...workText(view), ...queuedText(batch), ...attention(view)].map((text) => `  ${text}`),
  ];
  return lines.map((line) => clipped(line, Math.max(columns - 1, 20)));
}

/** The same in one line, for a log. */
export function progressLine(view: BatchView): string {
  const { batch, workers } = view;
  const runs = batch.endedAt === undefined;
  const { done, failed, retrying, skipped } = batch.counts;
  const speed = [...queuedText(batch), ...speedText(view)];
  return [
    `${wordsOfBatch(batch.kind).done} ${done}/${batch.total}, failed ${failed}, retrying ${retrying}, skipped ${skipped}${fewTexts(batch, ', ')}`,
    ...(speed.length === 0 ? [] : [`(${speed.join(', ')})`]),
    ...(runs ? [[...workText(view), workersText(workers.length)].join(', ')] : []),
  ].join(' ');
}

/** What keeps a batch from going on. */
export function attention({ holds }: BatchView): string[] {
  return holds.flatMap(holdTexts);
}

function workersText(workers: number): string {
  return `${workers} worker${workers === 1 ? '' : 's'}`;
}

/** Where rows are that are worked on, and for how long others have waited. */
function workText({ activeByStage, oldestWaitingMs }: BatchView): string[] {
  const stages = activeByStage.map(({ stage, rows }) => {
    return `${stage === '' ? 'beginning' : stageLabel(stage)} ${rows}`;
  });
  return [
    ...(stages.length === 0 ? [] : [`at work: ${stages.join(', ')}`]),
    ...(oldestWaitingMs === undefined ? [] : [`the oldest waits for ${readableDuration(oldestWaitingMs)}`]),
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

function speedText(view: BatchView): string[] {
  const { rate } = view;
  if (rate === undefined || rate <= 0) return [];
  const left = secondsLeft(view);
  const speed = `${rate.toFixed(1)}/s`;
  return left === undefined ? [speed] : [speed, `about ${readableDuration(left * 1000)} left`];
}

function bar(part: number): string {
  const full = Math.min(BAR, Math.floor(part * BAR));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

function shortened(name: string): string {
  const short = clipped(name, LONGEST_NAME);
  return short === name ? name : `${clipped(name, LONGEST_NAME - 1)}…`;
}
