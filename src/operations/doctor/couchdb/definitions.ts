import { INDEXES_VERSIONS, type IndexesVersion } from '../../../config/config.ts';
import { unlessNoDatabase } from '../../../couchdb/errors.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { INSTANCES } from '../../../instances/lookup/lookup.ts';
import { type PlatformIndexes, platformIndexes } from '../../../instances/platform/platform-indexes.ts';
import { count } from '../../../quantity-text.ts';
import { type Finding, findingsOf } from '../finding.ts';

const found = findingsOf('definitions');

/** Under which number stacks count the indexes of an instance, there and here. */
export interface DefinitionFacts {
  /** What the platform shows, whatever the configuration says. */
  readonly shown: PlatformIndexes;
  /** `fleet.indexes_version`. */
  readonly configured: IndexesVersion | undefined;
  /** Instances that were looked at, by the number in their document. */
  readonly instances: ReadonlyMap<number, number>;
}

/** Documents that are looked at; ids are random, so that the first ones stand for all. */
const SAMPLE = 200;

/** @throws CouchError */
export async function readDefinitions(
  global: CouchServer,
  configured: IndexesVersion | undefined,
  signal: AbortSignal,
): Promise<DefinitionFacts> {
  const [shown, rows] = await Promise.all([
    platformIndexes(global, undefined, signal),
    unlessNoDatabase(global.allDocuments(INSTANCES, { limit: SAMPLE, includeDocs: true }, signal)),
  ]);
  const instances = new Map<number, number>();
  for (const { id, doc } of rows ?? []) {
    const version: unknown = doc?.['indexes_version'];
    if (id.startsWith('_design/') || typeof version !== 'number' || !Number.isSafeInteger(version)) continue;
    instances.set(version, (instances.get(version) ?? 0) + 1);
  }
  return { shown, configured, instances };
}

/** What is judged of them. */
export function judgeDefinitions({ shown, configured, instances }: DefinitionFacts): Finding[] {
  const version = configured ?? shown.version;
  return [judgePlatform(shown, configured), ...judgeInstances(version, instances)];
}

function judgePlatform(shown: PlatformIndexes, configured: IndexesVersion | undefined): Finding {
  const check = 'platform';
  if (configured === undefined) {
    const how = shown.known === 'shown' ? 'a stack has shown that' : 'no stack has shown another yet';
    return found.ok(check, `new instances get the ${shown.version} definitions of indexes: ${how}`);
  }
  if (shown.known !== 'shown' || shown.version === configured) {
    return found.ok(
      check,
      `new instances get the ${configured} definitions of indexes, as fleet.indexes_version says`,
    );
  }
  return found.warn(
    check,
    `fleet.indexes_version says ${configured}, and a stack of ${shown.version} has been here: it makes the indexes of each new instance once more`,
    `Set fleet.indexes_version: ${shown.version}, or remove it; keep it only after a roll-back of the stack to ${configured}.`,
  );
}

function judgeInstances(version: IndexesVersion, instances: ReadonlyMap<number, number>): Finding[] {
  const all = [...instances.values()].reduce((sum, each) => sum + each, 0);
  const others = [...instances].filter(([each]) => each !== version).sort(([a], [b]) => a - b);
  if (others.length === 0) {
    return all === 0 ? [] : [found.ok('instances', `the instances have them, too (${count(all)} looked at)`)];
  }
  return others.map(([other, many]) =>
    judgeOthers(other, version, `${count(many)} of ${count(all)} instances that were looked at`),
  );
}

function judgeOthers(other: number, version: IndexesVersion, some: string): Finding {
  const newest = Math.max(...INDEXES_VERSIONS);
  const text = `${some} have definitions ${other}`;
  if (other > newest) {
    return found.fail(
      'instances',
      `${text}: a stack of another number is here, and newer than all that is known (${INDEXES_VERSIONS.join(', ')}); fsck and repair leave its instances alone`,
      'Install a cozy-fleet that knows them, on all machines with workers.',
    );
  }
  if (other > version) {
    return found.warn(
      'instances',
      `${text}, and new ones get ${version}: a stack of another number has been here`,
      `Set fleet.indexes_version: ${other} if the stack of ${other} still runs; after a roll-back leave it at ${version}.`,
    );
  }
  return found.warn(
    'instances',
    `${text}, and new ones get ${version}: they were made by, or for, an older stack`,
    version === newest
      ? `Bring them to ${version}: cozy-fleet instances repair --all`
      : `Nothing is broken: a stack brings each to its own number when it is used.`,
  );
}
