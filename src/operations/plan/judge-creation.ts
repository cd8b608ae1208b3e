import type { FieldChange } from '../../instances/change/compare-fields.ts';
import { differing, optionsBeside } from '../../instances/change/compare-fields.ts';
import { reservationId } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { requireReadable } from '../../instances/lookup/classify-document.ts';
import {
  databasesLeftOver,
  filesLeftOver,
  refuseForeignReservation,
  refuseNameOwner,
  refuseOldDomain,
  refuseOtherPerson,
  splitOwners,
} from '../../instances/lookup/creation-rules.ts';
import { refuseMeantDomain, refuseUnreadableOwner } from '../../instances/lookup/sharing.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import type { NamesAround } from './surroundings.ts';
import { type TakenBy, type Verdict, verdictOf } from './verdict.ts';

/** What is asked for one new domain only where its names are free, or have an instance. */
export interface CreationQuestions {
  /** Of an instance that is there; undefined where it has none. */
  settings(instance: StoredInstance): Promise<Readonly<Record<string, unknown>> | undefined>;
  databasesLeft(domain: string): Promise<readonly string[]>;
  /** Name of the storage in which files of that domain are; undefined where there are none, or nobody here can tell. */
  filesLeft(domain: string): Promise<string | undefined>;
}

/** What a creation would do by now, by the rules of its first stage. */
export async function judgeCreation(
  options: InstanceOptions,
  around: NamesAround,
  ask: CreationQuestions,
): Promise<Verdict> {
  const { domain } = options;
  let by: TakenBy = 'domain';
  try {
    const names = [domain, ...options.aliases];
    refuseUnreadableOwner(around.possible, names);
    const { ours, other } = splitOwners(domain, around.owners(names).map(requireReadable));
    if (other !== undefined) {
      by = takenBy(names, other);
      refuseNameOwner(options, other);
      by = 'another person';
      return await beside(options, other, ask);
    }
    if (ours === undefined) refuseOldDomain(around.moved(names));
    by = 'ambiguous';
    refuseMeantDomain(around.possible, domain, reservationId(domain));
    if (ours !== undefined) return underWay(options, ours);
    await refuseLeftovers(domain, ask);
    return { verdict: 'new', fields: newFields(options) };
  } catch (error) {
    if (error instanceof Refusal) return verdictOf(error, by);
    throw error;
  }
}

function takenBy(names: readonly string[], owner: StoredInstance): TakenBy {
  return names.includes(owner.domain) ? 'domain' : 'alias';
}

async function beside(
  options: InstanceOptions,
  owner: StoredInstance,
  ask: CreationQuestions,
): Promise<Verdict> {
  const settings = (await ask.settings(owner)) ?? {};
  refuseOtherPerson(options, owner, settings);
  const fields = optionsBeside(options, owner, settings);
  return differing(fields).length === 0 ? { verdict: 'same', fields } : { verdict: 'exists', fields };
}

function underWay(options: InstanceOptions, reservation: StoredInstance): Verdict {
  refuseForeignReservation(options, reservation);
  return {
    verdict: 'reserved',
    resumes: true,
    code: 'reserved',
    message: `${options.domain} is being made, with the same options`,
    advice: 'A creation that is submitted again goes on with it.',
  };
}

async function refuseLeftovers(domain: string, ask: CreationQuestions): Promise<void> {
  const databases = await ask.databasesLeft(domain);
  if (databases.length > 0) throw databasesLeftOver(domain, databases);
  const storage = await ask.filesLeft(domain);
  if (storage !== undefined) throw filesLeftOver(domain, storage);
}

/** What is shown in the place of a passphrase. */
const SET = '(set)';

function newFields(options: InstanceOptions): FieldChange[] {
  const { apps, skeleton, hasPassphrase } = options;
  return [
    ...optionsBeside(options, {}, {}),
    ...(apps.length > 0 ? [{ field: 'apps', old: null, new: [...apps] }] : []),
    ...(skeleton ? [{ field: 'skeleton', old: null, new: skeleton.digest.slice(0, 12) }] : []),
    ...(hasPassphrase ? [{ field: 'passphrase', old: null, new: SET }] : []),
  ];
}
