import type { CouchServer } from '../../../couchdb/server.ts';
import { allNames } from '../../../instances/lookup/all-names.ts';
import { namesOfOptions, type Problem } from '../../input/check-rows.ts';
import { NamesOfFile } from '../../input/names-of-file.ts';
import { firstLabel } from '../../targets/organizations-first.ts';
import { alikeAmong } from '../look-alikes.ts';
import { withoutOwnText } from '../organizations.ts';
import type { FoundWork } from './list-requests.ts';
import type { ListedFleet } from './listed-fleet.ts';

/**
 * What is odd about rows of a list beside the instances that exist, as of those of a file of new ones: names that look like others,
 * and organizations whose own instance is neither there nor on the list.
 */
export async function doubtsBesideOthers(
  { global }: { readonly global: CouchServer },
  { creations, organizations }: Pick<FoundWork, 'creations' | 'organizations'>,
  { instances }: Pick<ListedFleet, 'instances'>,
): Promise<(Problem & { readonly line: number })[]> {
  const labels = new Set(instances.map(({ domain }) => firstLabel(domain)));
  const found: (Problem & { readonly line: number })[] = organizations
    .withoutOwn()
    .filter(({ orgId }) => !labels.has(orgId.toLowerCase()))
    .map(({ orgId, line }) => ({ line, column: 'org-id', message: withoutOwnText(orgId) }));
  if (creations.length === 0) return found;
  const names = new NamesOfFile();
  for (const { line, creation } of creations) {
    if (creation === undefined) continue;
    const named = namesOfOptions(creation.options);
    names.add(named, line);
    names.addLooks(named, line);
  }
  for await (const { line, doubt } of alikeAmong(names, allNames(global))) found.push({ line, ...doubt });
  return found;
}
