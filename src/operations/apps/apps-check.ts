import { InputError } from '../../errors.ts';
import { splitList } from '../../instances/options/option-values.ts';
import { InvalidOptions } from '../../instances/options/parse-options.ts';
import type { RowCheck } from '../input/check-rows.ts';
import { type DomainRow, domainCheck } from '../targets/selection.ts';

/** A row of a file: an instance, and its applications. */
export interface AppsRow extends DomainRow {
  readonly apps: readonly string[];
}

/**
 * Rows of a file with a column for applications, or without.
 * @param defaults what stands in where a row names none
 * @param checked refuses what cannot be meant, as it was typed, by an InputError
 */
export function appsCheck(
  defaults: readonly string[],
  checked: (typed: readonly string[]) => readonly string[],
): RowCheck<AppsRow> {
  return {
    parse(values) {
      const row = domainCheck.parse(values);
      const own = splitList(values['apps'] ?? '');
      try {
        return { ...row, apps: checked(own.length > 0 ? own : defaults) };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        throw new InvalidOptions([{ column: 'apps', message: error.message }]);
      }
    },
    names: domainCheck.names,
  };
}
