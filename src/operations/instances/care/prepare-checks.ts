import type { CouchServer } from '../../../couchdb/server.ts';
import { defined } from '../../../defined.ts';
import type { FileChecks } from '../../../instances/fsck/check-files.ts';
import { classifyIfAny } from '../../../instances/lookup/lookup.ts';
import { type Selection, type SelectionServices, selectTargets } from '../../targets/selection.ts';
import { type Target, targetOf } from '../../targets/target.ts';
import { type PreparedBatch, preparedBatch } from '../prepared-batch.ts';

/**
 * Prepares checks of instances by the workers, as a batch: an instance with findings fails, and one that is not there.
 * As for a check by name, an alias stands for its instance.
 * @throws InputError as `selectTargets`
 */
export async function prepareChecks(
  services: SelectionServices,
  selection: Selection,
  { index, files }: FileChecks,
): Promise<PreparedBatch> {
  const targets = await selectTargets(selection, services);
  return preparedBatch({
    kind: 'fsck',
    targets: { ...targets, pages: () => throughAliases(services.global, targets.pages()) },
    workOf: ({ domain, seen }, filter) => ({
      kind: 'fsck',
      domain,
      index,
      files,
      ...defined({ seen, filter }),
    }),
  });
}

/** Looks for the names that are no domain of an instance among the aliases, in one request a page. */
async function* throughAliases(
  global: CouchServer,
  pages: AsyncIterable<readonly Target[]>,
): AsyncGenerator<readonly Target[]> {
  for await (const page of pages) {
    const unseen = page.flatMap(({ domain, seen }) => (seen === undefined ? [domain] : []));
    const found = unseen.length === 0 ? [] : await classifyIfAny(global, unseen);
    const instances = found.flatMap((result) => (result.readable ? [result.instance] : []));
    yield page.map((target) => {
      const { domain, seen, row } = target;
      const owner = instances.find(({ domain_aliases: aliases = [] }) => aliases.includes(domain));
      return seen !== undefined || owner === undefined ? target : { ...target, ...targetOf(owner, row) };
    });
  }
}
