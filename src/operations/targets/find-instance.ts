import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { type ReadResult, requireReadable } from '../../instances/lookup/classify-document.ts';
import { classifyIfAny } from '../../instances/lookup/lookup.ts';

/**
 * The instance that answers to a name, as domain or as alias.
 * @param name as typed
 * @throws InputError `illegal_domain`
 * @throws FleetError `not_found`, in the stack's words (`docs/admin-api.md` §2.7)
 * @throws Refusal `unreadable`
 */
export async function findInstance(global: CouchServer, name: string): Promise<StoredInstance> {
  return requireReadable(await findReadResult(global, name));
}

/** The same for those who go on where it cannot be read. */
export async function findReadResult(global: CouchServer, name: string): Promise<ReadResult> {
  // What exists may come from a time of other rules about subdomains.
  const domain = normaliseDomain(name, 'nested');
  const found = await classifyIfAny(global, [domain]);
  const result = found.find((each) => domainOf(each) === domain) ?? found[0];
  if (result !== undefined) return result;
  throw new FleetError(
    'not_found',
    'Not Found: Instance not found',
    `No instance has ${domain} as its domain or as an alias.`,
  );
}

function domainOf(result: ReadResult): string {
  return result.readable ? result.instance.domain : result.unreadable.domain;
}
