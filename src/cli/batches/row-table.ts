import type { Row } from '../../jobs/batches/batches.ts';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { rowError } from '../../operations/batches/batch-state.ts';

export const ROW_HEAD = ['DOMAIN', 'STAGE', 'TRIES', 'ERROR'] as const;

/** A row as `batches show` lists it; one of a batch of several kinds with its own before the stage. */
export function rowCells(row: Row): string[] {
  const { domain, kind = '', stage = '', tries } = row;
  const where = [kind, stageLabel(stage)].filter(Boolean).join(' ');
  return [domain, where, tries === undefined ? '' : String(tries), rowError(row)];
}
