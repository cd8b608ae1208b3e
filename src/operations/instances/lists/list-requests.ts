import { chunks } from '../../../chunk.ts';
import { domainOf } from '../../../jobs/kinds/payload.ts';
import type { BatchRow } from '../../batches/queue-rows.ts';
import { firstLabel } from '../../targets/organizations-first.ts';
import { creationRow, type RowPassphrases, refuseForeignPassphrase } from '../creation-chunks.ts';
import type { Organizations } from '../organizations.ts';
import type { GoodListRow } from './list-row.ts';

/** Work that was found, in the order in which it is queued. */
export interface FoundWork {
  readonly creations: GoodListRow[];
  readonly changes: BatchRow[];
  /** Organizations to which instances are to come. */
  readonly organizations: Organizations;
  /** Organizations of which rows make instances members, be they that already or not: their `org_id` in lower case. */
  readonly joined: Set<string>;
  readonly removals: BatchRow[];
}

/** How the rows of a list become jobs. */
interface RequestOptions {
  readonly tries: number;
  /** Absent where no passphrase is to be sealed. */
  readonly passphrases?: RowPassphrases | undefined;
}

/**
 * What was found, as jobs: first the changes of organizations' own instances, for a stack copies the directory of an organization
 * to its members from there; then what is to be made, changed, and removed.
 * @param file as it is shown
 * @throws InputError `foreign_passphrase`
 */
export async function* listRequests(
  found: FoundWork,
  options: RequestOptions,
  file: string,
): AsyncGenerator<readonly BatchRow[]> {
  const isOwn = ({ work }: BatchRow): boolean => found.joined.has(firstLabel(domainOf(work)));
  yield found.changes.filter(isOwn);
  yield* creations(found, options, file);
  yield found.changes.filter((row) => !isOwn(row));
  yield found.removals;
}

/** Rows that are made ready side by side: each passphrase takes its time. */
const CHUNK = 32;

/** Rows of instances to be made, those of organizations' own before their members. @throws InputError `foreign_passphrase` */
async function* creations(
  { creations: rows, organizations }: Pick<FoundWork, 'creations' | 'organizations'>,
  { tries, passphrases }: RequestOptions,
  file: string,
): AsyncGenerator<readonly BatchRow[]> {
  const made = rows.flatMap(({ line, original, creation }) =>
    creation === undefined ? [] : [{ ...creation, line, original }],
  );
  const own = made.filter(({ options }) => organizations.isOwn(options));
  const ownLines = new Set(own.map(({ line }) => line));
  const others = made.filter(({ line }) => !ownLines.has(line));
  for await (const page of chunks([...own, ...others], CHUNK)) {
    if (passphrases !== undefined)
      for (const row of page) refuseForeignPassphrase(row, passphrases.sealKey, file);
    yield await Promise.all(page.map((row) => creationRow(row, organizations, tries, passphrases)));
  }
}
