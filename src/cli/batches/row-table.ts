import type { Row } from '../../jobs/batches/batches.ts';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { rowError } from '../../operations/batches/batch-state.ts';

export const ROW_HEAD = ['DOMAIN', 'STAGE', 'TRIES', 'ERROR'] as const;

/** A row as `batches show` lists it. */
export function rowCells(row: Row): string[] {
  const { domain, stage = '', tries } = row;
  return [domain, stageLabel(stage), tries === undefined ? '' : String(tries), rowError(row)];
}
