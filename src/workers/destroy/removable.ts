import { Refusal } from '../../instances/errors.ts';
import { findByNames, type StoredInstance } from '../../instances/lookup.ts';
import { otherStorage } from '../../instances/other-storage.ts';
import { databasePrefix } from '../../instances/prefix.ts';
import type { Services } from '../services.ts';

/**
 * What the databases of an instance may begin with: digits of a hash, or, in instances from before there were
 * any, the domain with its dots as dashes. `global` and `secrets` are the platform's own.
 */
const PREFIX = /^(cozy[0-9a-f]{32}|[a-z0-9_$()+]*-[a-z0-9_$()+-]*)$/;

/** Whose databases or files an instance's would be too. */
export interface Sharing {
  readonly code: 'shared_prefix' | 'shared_name';
  readonly message: string;
}

/**
 * Databases go by the prefix, and files by the domain: neither may be removed while another document has it.
 * To be asked right before anything is removed, for it may have come up since.
 */
export async function findSharing(
  { census, global }: Pick<Services, 'census' | 'global'>,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<Sharing | undefined> {
  const { _id, domain } = instance;
  const prefix = databasePrefix(instance);
  const [samePrefix] = await census.others(prefix, _id, signal);
  if (samePrefix !== undefined) {
    const message = `${domain} and ${samePrefix.domain} have the same databases (${prefix})`;
    return { code: 'shared_prefix', message };
  }
  const named = await findByNames(global, [domain], signal);
  const sameName = named.find((other) => other._id !== _id && other.domain === domain);
  if (sameName === undefined) return undefined;
  const message = `the documents ${_id} and ${sameName._id} both have the domain ${domain}, and so the same files`;
  return { code: 'shared_name', message };
}

/** @throws Refusal `shared_prefix`, `shared_name` */
export async function refuseShared(
  services: Pick<Services, 'census' | 'global'>,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<void> {
  const sharing = await findSharing(services, instance, signal);
  if (sharing === undefined) return;
  throw new Refusal(
    sharing.code,
    sharing.message,
    'Nothing more was touched. Find out which of the two documents is right, and remove the other by hand.',
  );
}

/**
 * Refuses, before anything is touched, what could not be removed whole, or would take what is somebody else's
 * with it.
 * @throws Refusal `swift`, `other_storage`, `shared_prefix`, `shared_name`, `wrong_cluster`, `foreign_files`
 */
export async function refuseUnremovable(
  services: Services,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<void> {
  const { domain } = instance;
  refuseOtherStorage(instance);
  refuseOddPrefix(instance);
  await refuseShared(services, instance, signal);
  await refuseWrongCluster(services, instance, signal);
  if (await services.storage.isForeign(domain)) throw foreignFiles(services, domain);
}

/** @throws Refusal `swift`, `other_storage` where the files would stay behind */
export function refuseOtherStorage(instance: StoredInstance): void {
  const elsewhere = otherStorage(instance);
  if (elsewhere === undefined) return;
  const message = `the files of ${instance.domain} are in ${elsewhere.name}, which cannot be cleaned yet`;
  throw new Refusal(elsewhere.code, message, 'Nothing more was touched. Destroy it with its stack.');
}

/** @throws Refusal `shared_prefix` where the databases would not be an instance's */
export function refuseOddPrefix(instance: StoredInstance): void {
  if (PREFIX.test(databasePrefix(instance))) return;
  throw new Refusal('shared_prefix', `the prefix of ${instance.domain} is not one of an instance`);
}

export function foreignFiles({ storage }: Pick<Services, 'storage'>, domain: string): Refusal {
  return new Refusal(
    'foreign_files',
    `the directory of ${domain} in ${storage.name} has files, but no .cozy_trash, or is a link: it is not one of an instance`,
    `It was left alone. If it is the instance's, make its trash anew: cozy-fleet instances repair ${domain}. Else move it away, and try again.`,
  );
}

/** Databases that stay behind where they were not looked for would be orphans without their files. */
async function refuseWrongCluster(
  { clusters, cluster }: Services,
  { domain, couch_cluster: index = 0, ...rest }: StoredInstance,
  signal: AbortSignal,
): Promise<void> {
  const advice = 'Nothing was touched. Correct couchdb.clusters, for all workers.';
  if (index >= clusters.length) {
    const message = `${domain} is on CouchDB cluster ${index}, which is not configured`;
    throw new Refusal('wrong_cluster', message, advice);
  }
  const start = `${databasePrefix({ domain, ...rest })}/`;
  const own = cluster(index);
  if ((await own.listDatabases(start, signal)).length > 0) return;
  for (const other of clusters) {
    if (other === own || (await other.listDatabases(start, signal)).length === 0) continue;
    const message = `the databases of ${domain} are on ${other.host}, and not on its own cluster ${index}`;
    throw new Refusal('wrong_cluster', message, advice);
  }
}
