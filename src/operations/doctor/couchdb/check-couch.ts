import { type Config, clustersOpenToCreation } from '../../../config/config.ts';
import { isNoDatabase } from '../../../couchdb/errors.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { INSTANCES } from '../../../instances/lookup/lookup.ts';
import type { Couch } from '../../connect/couch.ts';
import { type Finding, findingsOf } from '../finding.ts';
import { inTime, SUBJECT_MS } from '../in-time.ts';
import { type CouchFacts, readCouch } from './couch-facts.ts';
import { judgeCouch } from './judge-couch.ts';

const found = findingsOf('couchdb');

/** A look at all CouchDB clusters, under way. */
export interface CouchLook {
  readonly findings: Promise<readonly Finding[]>;
  /** Whether that one answers and lets us in; only then may more be asked of it. */
  isIn(server: CouchServer): Promise<boolean>;
}

/** Each cluster is asked once, whatever becomes of the others. */
export function lookAtCouch(config: Config, couch: Couch, signal: AbortSignal): CouchLook {
  const looks = new Map(
    couch.servers().map((server) => {
      const facts = inTime(SUBJECT_MS, signal, (ends) => readCouch(server, ends));
      facts.catch(() => undefined);
      return [server, facts];
    }),
  );
  const isIn = async (server: CouchServer): Promise<boolean> =>
    (await looks.get(server)?.then(
      () => true,
      () => false,
    )) ?? false;
  return { isIn, findings: judgeAll(config, couch, looks, isIn, signal) };
}

async function judgeAll(
  config: Config,
  couch: Couch,
  looks: ReadonlyMap<CouchServer, Promise<CouchFacts>>,
  isIn: CouchLook['isIn'],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const instances = (await isIn(couch.global)) ? await countInstances(couch.global, signal) : undefined;
  const { q, n } = config.fleet;
  const findings = await Promise.all(
    [...looks].map(async ([server, facts]) => {
      try {
        return judgeCouch(await facts, { instances, q, n });
      } catch (thrown) {
        return [found.failed('reachable', thrown, `CouchDB at ${server.host}`)];
      }
    }),
  );
  return [...findings.flat(), judgeCreation(config)];
}

/** Design documents are looked for by so many at the most; a stack makes five. */
const MOST_DESIGNS = 1_000;

/** How many instances there are, on all clusters together; undefined where it cannot be said. */
async function countInstances(global: CouchServer, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await inTime(SUBJECT_MS, signal, async (ends) => {
      const range = { startKey: '_design/', endKey: '_design0', limit: MOST_DESIGNS };
      const [{ documents }, designs] = await Promise.all([
        global.databaseFacts(INSTANCES, ends),
        global.allDocuments(INSTANCES, range, ends),
      ]);
      return Math.max(0, documents - designs.length);
    });
  } catch (thrown) {
    return isNoDatabase(thrown) ? 0 : undefined;
  }
}

/** Whether new instances may be put anywhere. */
export function judgeCreation(config: Pick<Config, 'couchdb'>): Finding {
  const { length: all } = config.couchdb.clusters;
  const { length: open } = clustersOpenToCreation(config);
  if (open === 0) {
    const text = 'no cluster is open to creation: no worker starts';
    return found.fail('creation', text, 'Set instance_creation: true for one of couchdb.clusters.');
  }
  return found.ok(
    'creation',
    `${open} of ${all} ${all === 1 ? 'cluster is' : 'clusters are'} open to creation`,
  );
}
