import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import type { FailureExample, FailureGroup, WaitingRows } from '../../operations/batches/failure-groups.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';

/** What went wrong at one stage for one cause, and the first row to which it happened. */
export function groupLines({ stage, code, rows, example }: FailureGroup): string[] {
  return ['', oneLine(`${rowsText(rows)} ${whereText(stage)}: ${code}`), ...exampleLines(example)];
}

/** What rows wait for, where their workers have it not, and the first of these rows. */
export function waitLines({ stage, code, rows, hosts, example }: WaitingRows): string[] {
  const wait = `${rowsText(rows)} ${rows === 1 ? 'waits' : 'wait'}`;
  return ['', oneLine(`${wait} ${whereText(stage)}, ${hostsText(hosts)}: ${code}`), ...exampleLines(example)];
}

/** @param stage as it is stored; empty where there was none */
export function whereText(stage: string): string {
  return stage === '' ? 'before any stage' : `at ${stageLabel(stage)}`;
}

/** Where the workers are that rows wait on. */
export function hostsText(hosts: readonly string[]): string {
  return `with the worker${hosts.length === 1 ? '' : 's'} on ${hosts.join(', ')}`;
}

function rowsText(rows: number): string {
  return `${count(rows)} ${rows === 1 ? 'row' : 'rows'}`;
}

function exampleLines({ row, domain, message, advice }: FailureExample): string[] {
  return [
    oneLine(`  such as line ${row}, ${domain}: ${message}`),
    ...(advice === '' ? [] : [oneLine(`  ${advice}`)]),
  ];
}
