import { goText } from '../../go-text.ts';
import { databasePrefix } from '../../instances/databases/prefix.ts';
import { instanceState, stackState } from '../../instances/documents/instance-state.ts';
import { sizeText } from '../../instances/options/disk-quota.ts';
import { oneLine } from '../../safe-text.ts';
import type { MeasuredInstance } from '../../usage/measure-instance.ts';
import { type DateTexts, fieldValues } from './fields.ts';
import { MEASURED_FIELDS, measuredText } from './measured-fields.ts';

/** What a listing says of each instance, side by side. */
export interface Columns {
  readonly head: readonly string[];
  cells(measured: MeasuredInstance): string[];
}

/**
 * The columns of the stack's `instances ls` (`docs/admin-api.md` §1.3).
 * @param fullState whether to tell blocked, deleting and unfinished instances apart, as the stack does not
 */
export function stackColumns(fullState: boolean): Columns {
  return {
    head: ['DOMAIN', 'LOCALE', 'QUOTA', 'STATE', 'INDEXES', 'PREFIX', 'DB-PREFIX'],
    cells: ({ instance }) =>
      [
        instance.domain,
        instance.locale,
        quotaText(instance.disk_quota),
        fullState ? instanceState(instance) : stackState(instance),
        `v${instance.indexes_version ?? 0}`,
        instance.prefix ?? '',
        databasePrefix(instance),
      ].map(oneLine),
  };
}

/** The columns of `--fields`. */
export function fieldColumns(names: readonly string[], dates?: DateTexts): Columns {
  return {
    head: names.map((name) => name.toUpperCase()),
    cells: (measured) =>
      fieldValues(measured, names, dates).map((value, at) => {
        const name = names[at] ?? '';
        return oneLine(MEASURED_FIELDS.includes(name) ? measuredText(name, measured) : goText(value));
      }),
  };
}

function quotaText(quota: string | undefined): string {
  const bytes = Number(quota ?? 0);
  return bytes > 0 ? sizeText(bytes) : 'unlimited';
}
