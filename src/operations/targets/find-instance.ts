import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { judgeIfAny } from '../../instances/lookup/lookup.ts';
import { type Judged, requireReadable } from '../../instances/lookup/readable.ts';

/**
 * The instance that answers to a name, as domain or as alias.
 * @param name as typed
 * @throws InputError `illegal_domain`
 * @throws FleetError `not_found`, in the stack's words (`docs/admin-api.md` §2.7)
 * @throws Refusal `unreadable`
 */
export async function findInstance(global: CouchServer, name: string): Promise<StoredInstance> {
  return requireReadable(await findJudged(global, name));
}

/** The same for those who go on where it cannot be read. */
export async function findJudged(global: CouchServer, name: string): Promise<Judged> {
  // What exists may come from a time of other rules about subdomains.
  const domain = normaliseDomain(name, 'nested');
  const found = await judgeIfAny(global, [domain]);
  const judged = found.find((each) => domainOf(each) === domain) ?? found[0];
  if (judged !== undefined) return judged;
  throw new FleetError(
    'not_found',
    'Not Found: Instance not found',
    `No instance has ${domain} as its domain or as an alias.`,
  );
}

function domainOf(judged: Judged): string {
  return judged.readable ? judged.instance.domain : judged.unreadable.domain;
}
