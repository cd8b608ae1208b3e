import { attributesOf } from '../../instances/documents/instance-view.ts';
import { csvLine } from '../../operations/input/write-csv.ts';
import { safeJson } from '../../safe-text.ts';
import type { MeasuredInstance } from '../../usage/measure-instance.ts';
import { alignedLines, alignedPages } from './aligned-lines.ts';
import { fieldColumns, stackColumns } from './columns.ts';
import { csvText, type DateTexts, fieldValues } from './fields.ts';

/** `stack` is its tab layout, `table` the same with a head. */
export type ListForm = 'stack' | 'table' | 'csv' | 'json';

export interface ListOptions {
  readonly form: ListForm;
  /** Fields that are asked for, in their order; none = what the form has by itself. */
  readonly fields: readonly string[];
  /** Whether the state is told in full; the stack's layout has the stack's own otherwise. */
  readonly fullState: boolean;
  /** Whether the instances can be read once only: they take long, and would be others the next time. */
  readonly once: boolean;
  /** What the field `dates` says; absent where it is not asked for. */
  readonly dates?: DateTexts | undefined;
}

/** The fields of the stack's layout, as values. */
const CSV_FIELDS = ['domain', 'locale', 'disk_quota', 'state', 'indexes_version', 'prefix', 'db_prefix'];

/**
 * The lines of `instances ls`, each with its line break.
 * @param instances starts reading them anew; called twice where the columns of documents are to be aligned
 */
export function listLines(
  instances: () => AsyncIterable<MeasuredInstance>,
  { form, fields, fullState, once, dates }: ListOptions,
): AsyncIterable<string> {
  switch (form) {
    case 'json':
      return jsonLines(instances(), fields, dates);
    case 'csv':
      return csvLines(instances(), fields.length === 0 ? CSV_FIELDS : fields, dates);
    case 'stack':
    case 'table': {
      const { head, cells } = fields.length === 0 ? stackColumns(fullState) : fieldColumns(fields, dates);
      const rows = () => rowsOf(instances(), form === 'table' ? [head] : [], cells);
      return once ? alignedPages(rows()) : alignedLines(rows);
    }
  }
}

async function* rowsOf(
  instances: AsyncIterable<MeasuredInstance>,
  head: readonly (readonly string[])[],
  cells: (measured: MeasuredInstance) => string[],
): AsyncGenerator<readonly string[]> {
  yield* head;
  for await (const measured of instances) yield cells(measured);
}

/** With fields, their names are sorted, as in the stack (`docs/admin-api.md` §1.3). */
async function* jsonLines(
  instances: AsyncIterable<MeasuredInstance>,
  fields: readonly string[],
  dates: DateTexts | undefined,
): AsyncGenerator<string> {
  const names = [...fields].sort();
  for await (const measured of instances) {
    const values = fieldValues(measured, names, dates);
    const shown =
      names.length === 0
        ? attributesOf(measured.instance)
        : Object.fromEntries(names.map((name, at) => [name, values[at]]));
    yield `${safeJson(JSON.stringify(shown))}\n`;
  }
}

async function* csvLines(
  instances: AsyncIterable<MeasuredInstance>,
  fields: readonly string[],
  dates: DateTexts | undefined,
): AsyncGenerator<string> {
  yield csvLine(fields);
  for await (const measured of instances) {
    yield csvLine(fieldValues(measured, fields, dates).map(csvText));
  }
}
