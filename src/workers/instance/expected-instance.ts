import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import {
  describeFilter,
  documentPart,
  type InstanceFilter,
  matchesDocument,
} from '../../instances/lookup/instance-filter.ts';
import { findByNames, readInstance } from '../../instances/lookup/lookup.ts';
import type { ExpectedInstance } from '../../jobs/kinds/envelope.ts';
import { meetsMeasures, steadyMeasures } from '../../usage/measured-filter.ts';
import type { Clusters, Services } from '../stage/services.ts';

/**
 * The document as it is now, as long as it is of the very life that the operator saw.
 * @returns undefined when it is gone
 * @throws Refusal `superseded` when another life of the domain has taken its place
 */
export async function readExpected(
  { global }: Pick<Services, 'global'>,
  domain: string,
  expected: ExpectedInstance,
  signal: AbortSignal,
): Promise<StoredInstance | undefined> {
  const found = await readInstance(global, expected.id, signal);
  if (found !== undefined) assertExpected(found, domain, expected);
  return found;
}

/** For work on an instance that has to be there. @throws Refusal `not_found`, `superseded` */
export async function requireExpected(
  services: Pick<Services, 'global'>,
  { domain, seen: expected }: { readonly domain: string; readonly seen?: ExpectedInstance | undefined },
  signal: AbortSignal,
): Promise<StoredInstance> {
  const instance = expected && (await readExpected(services, domain, expected, signal));
  if (instance !== undefined) return instance;
  throw new Refusal('not_found', `there is no instance with the domain ${domain}`, 'Aliases do not count.');
}

/** @throws Refusal `superseded` when this is not the very life that the operator saw */
export function assertExpected(
  now: StoredInstance,
  domain: string,
  expected: ExpectedInstance | undefined,
): void {
  if (now.domain === domain && incarnationOf(now) === expected?.incarnation) return;
  throw superseded(domain);
}

/**
 * For a domain that had no instance when the job was ordered: one that is there now was not meant.
 * @throws Refusal `changed`
 */
export async function refuseUnexpected(
  { global }: Pick<Services, 'global'>,
  domain: string,
  signal: AbortSignal,
): Promise<void> {
  const owners = await findByNames(global, [domain], signal);
  if (!owners.some((owner) => owner.domain === domain)) return;
  throw new Refusal(
    'changed',
    `${domain} was not there when the job was ordered, and is now`,
    'Nothing was touched. Order it again if the new instance is meant.',
  );
}

/**
 * As far as its document tells; see {@link refuseUnmeant}.
 * @throws Refusal `changed` when the instance is not any more what the operator asked for
 */
export function refuseChanged(filter: InstanceFilter | undefined, instance: StoredInstance): void {
  if (filter !== undefined && !matchesDocument(documentPart(filter), instance))
    throw changed(filter, instance);
}

/**
 * Asks all of a filter again, also what has to be read to be known: an owner may have come back since. What cannot be
 * read is thrown, so that nothing is done to an instance because nobody could look.
 * @param begun whether an earlier attempt may have written something: only what the job cannot have changed is asked then
 * @throws Refusal `changed`, `wrong_cluster`; UnreadableMeasure; CouchError
 */
export async function refuseUnmeant(
  services: Clusters,
  filter: InstanceFilter | undefined,
  instance: StoredInstance,
  signal: AbortSignal,
  begun = false,
): Promise<void> {
  if (filter === undefined) return;
  if (!begun) refuseChanged(filter, instance);
  const measured = begun ? steadyMeasures(filter) : filter;
  if (!(await meetsMeasures(measured, instance, services, signal))) throw changed(filter, instance);
}

function changed(filter: InstanceFilter, { domain }: StoredInstance): Refusal {
  return new Refusal('changed', `${domain} has changed: it is not ${describeFilter(filter)} any more`);
}

/** The usual advice where an instance is gone. */
const LOOK_FOR_ORPHANS =
  'Databases and files that are left without an instance: cozy-fleet instances fsck --orphans.';

/** Another life of the domain has taken the place of the one that a job is for, or none. */
export function superseded(domain: string, advice = LOOK_FOR_ORPHANS): Refusal {
  return new Refusal(
    'superseded',
    `the instance of ${domain} this job was for is gone or another one by now; nothing more was touched`,
    advice,
  );
}
