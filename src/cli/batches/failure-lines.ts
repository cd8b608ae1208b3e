import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import type { FailureGroup } from '../../operations/batches/failure-groups.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';

/** What went wrong at one stage for one cause, and the first row to which it happened. */
export function groupLines({ stage, code, rows, example }: FailureGroup): string[] {
  const { row, domain, message, advice } = example;
  const where = stage === '' ? 'before any stage' : `at ${stageLabel(stage)}`;
  return [
    '',
    oneLine(`${count(rows)} ${rows === 1 ? 'row' : 'rows'} ${where}: ${code}`),
    oneLine(`  such as line ${row}, ${domain}: ${message}`),
    ...(advice === '' ? [] : [oneLine(`  ${advice}`)]),
  ];
}
