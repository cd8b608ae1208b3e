import { databasePrefix } from '../../instances/databases/prefix.ts';
import { instanceState } from '../../instances/documents/instance-state.ts';
import { attributesOf, MORE_ATTRIBUTES, STACK_ATTRIBUTES } from '../../instances/documents/instance-view.ts';
import type { MeasuredInstance } from '../../usage/measure-instance.ts';
import { MEASURED_FIELDS, measuredValue } from './measured-fields.ts';

/** What the stack's `ls --available-fields` prints (`docs/admin-api.md` §1.3). */
export const AVAILABLE_FIELDS: readonly string[] = [...STACK_ATTRIBUTES, 'db_prefix'];

/** Fields that `--fields` knows beyond those of the stack. */
export const MORE_FIELDS: readonly string[] = [...MORE_ATTRIBUTES, 'state', 'dates', ...MEASURED_FIELDS];

/** What is said of the dates of instances, by the ids of their documents. */
export type DateTexts = ReadonlyMap<string, readonly string[]>;

/** Values of fields by their names, in the order asked; `null` for what an instance does not have. */
export function fieldValues(
  measured: MeasuredInstance,
  names: readonly string[],
  dates: DateTexts = new Map(),
): unknown[] {
  const { instance } = measured;
  const values = new Map(Object.entries(attributesOf(instance)))
    .set('db_prefix', databasePrefix(instance))
    .set('state', instanceState(instance))
    .set('dates', dates.get(instance._id));
  return names.map((name) => measuredValue(name, measured) ?? values.get(name) ?? null);
}

/** A JSON value as a field of CSV: lists with commas, as flags and files of instances have them. */
export function csvText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(csvText).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
