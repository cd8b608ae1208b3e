import { InputError } from '../../errors.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { InvalidOptions } from '../../instances/options/parse-options.ts';
import type { RowCheck } from '../rows/check-rows.ts';

/** A row that names an instance which exists; whatever else it says is not looked at. */
export interface DomainRow {
  readonly domain: string;
}

/** Rows of a file of which the domain alone counts: the file from which the instances were made will do. */
export const domainCheck: RowCheck<DomainRow> = {
  parse: ({ domain = '' }) => {
    try {
      // What exists may come from a time of other rules about subdomains.
      return { domain: normaliseDomain(domain, 'nested') };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InvalidOptions([{ column: 'domain', message: error.message }]);
    }
  },
  names: ({ domain }) => [{ column: 'domain', name: domain }],
};
