import type { CouchServer } from '../../couchdb/server.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { classifyIfAny } from '../../instances/lookup/lookup.ts';
import type { ExpectedInstance } from '../../jobs/kinds/envelope.ts';
import { targetOf, unreadableTarget } from './target.ts';

/** The instance with a name, as the payload of its job names it. */
export interface NamedTarget {
  /** Normalised: its own where the name is an alias. */
  readonly domain: string;
  /** Without `seen` where there is no such instance. */
  readonly work: { readonly seen?: ExpectedInstance };
}

/**
 * What answers to a name, as domain or as alias, for a look ahead: that nothing does is an answer.
 * @param name as typed
 * @throws InputError `illegal_domain`
 */
export async function targetNamed(global: CouchServer, name: string): Promise<NamedTarget> {
  const domain = normaliseDomain(name, 'nested');
  const targets = (await classifyIfAny(global, [domain])).map((result) =>
    result.readable ? targetOf(result.instance, 1) : unreadableTarget(result.unreadable, 1),
  );
  const found = targets.find((target) => target.domain === domain) ?? targets[0];
  if (found === undefined) return { domain, work: {} };
  const { seen } = found;
  return { domain: found.domain, work: seen === undefined ? {} : { seen } };
}
