import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { z } from 'zod';
import { type TestCouch, type TestRedis, temporaryDirectory } from '../servers.ts';
import { type BareCouch, bareCouch } from './couch.ts';
import { type Deed, judge, type Told, type Violation } from './judge.ts';
import { plant } from './plant.ts';
import { type Product, startProduct } from './product.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import { contextOf, ROOT, type Role, type StrangeDocument, type StrangeFleet } from './strange-fleet.ts';

export interface Cell {
  readonly number: number;
  readonly fleets: readonly StrangeFleet[];
  /** Whether each command is a process of its own. */
  readonly ownProcess: boolean;
}

/** What a command line takes for a domain, and for nothing else. */
const TYPEABLE = /^[a-z0-9][a-z0-9.-]{1,200}$/;

/**
 * Plants fleets side by side in one CouchDB and one storage, runs the commands over all of them, and judges each.
 * Leaves CouchDB as empty as it was.
 */
export async function tryCell(
  { number, fleets, ownProcess }: Cell,
  servers: { readonly couch: TestCouch; readonly redis: TestRedis },
): Promise<Violation[]> {
  const couch = bareCouch(servers.couch);
  const home = await temporaryDirectory('strange');
  const around = join(home.path, 'around');
  try {
    const product = await startProduct({ ...servers, directory: home.path, around, ownProcess });
    try {
      const resident = await makeResident(number, product, couch, around);
      const planted = await plant(fleets, couch, around);
      return await tryAll(product, [resident, ...planted], fleets, (last) =>
        takeSnapshot(couch, around, last),
      );
    } finally {
      await product.close();
    }
  } finally {
    await empty(couch);
    await couch.close();
    await home.remove();
  }
}

async function tryAll(
  product: Product,
  documents: readonly StrangeDocument[],
  fleets: readonly StrangeFleet[],
  look: (last?: Snapshot) => Promise<Snapshot>,
): Promise<Violation[]> {
  const orphans = fleets.flatMap((fleet) => fleet.orphans);
  const violations: Violation[] = [];
  let before = await look();

  async function trial(
    deed: Deed,
    meant: readonly StrangeDocument[],
    ...works: readonly (() => Promise<Told>)[]
  ): Promise<void> {
    const targets = meant.filter(({ id }) => before.documents.has(id));
    const tellings: Told[] = [];
    for (const work of works) tellings.push(await work());
    const after = await look(before);
    for (const told of deed === 'look' ? tellings : [allOf(tellings)]) {
      violations.push(...judge({ documents, orphans }, { deed, targets, told, before, after }));
    }
    before = after;
  }

  const of = (role: Role) => documents.filter((document) => document.role === role);
  const named = (role: Role): string[] => {
    const domains = of(role).flatMap(({ fields: { domain } }) =>
      typeof domain === 'string' ? [domain] : [],
    );
    // With these two it is never one alone, which would be no batch.
    const nobodys = ['nobody-1.example', 'nobody-2.example'];
    return [...new Set([...domains.filter((domain) => TYPEABLE.test(domain)), ...nobodys])];
  };
  const having = (domains: readonly string[]) =>
    documents.filter(({ fields: { domain } }) => domains.some((each) => each === domain));

  await trial('look', [], product.list, product.fsck);
  await trial('repair', of('repaired'), () => product.repairOf(contextOf('repaired')));
  await trial('install', of('equipped'), () => product.installOn(contextOf('equipped')));
  await trial('destroy', of('destroyed'), () => product.destroyOf(contextOf('destroyed')));
  await trial(
    'destroy',
    having([...named('named'), ...named('resumed')]),
    () => product.destroyNamed(named('named'), false),
    () => product.destroyNamed(named('resumed'), true),
  );
  await trial('orphans', [], product.removeOrphans);
  return violations;
}

/** What commands that follow one another told. */
function allOf(tellings: readonly Told[]): Told {
  return {
    said: tellings.map(({ said }) => said).join('\n'),
    outcomes: tellings.flatMap(({ outcomes }) => outcomes),
  };
}

const stored = z.object({
  rows: z.array(
    z.object({ doc: z.looseObject({ _id: z.string(), _rev: z.string(), domain: z.string().optional() }) }),
  ),
});

/** An instance that the product itself has made, so that it lacks nothing but what is to be repaired. */
async function makeResident(
  cell: number,
  product: Product,
  couch: BareCouch,
  around: string,
): Promise<StrangeDocument> {
  const domain = `resident-${cell}.example`;
  await product.add([domain]);
  const place = join(around, ROOT, domain);
  for (const name of await readdir(place)) {
    if (!name.startsWith('.')) await rm(join(place, name), { recursive: true });
  }
  const path = `/${encodeURIComponent('global/instances')}`;
  const { body } = await couch.ask('GET', `${path}/_all_docs?include_docs=true`);
  const made = stored.parse(body).rows.find(({ doc }) => doc.domain === domain)?.doc;
  if (made === undefined) throw new Error(`${domain} was not made`);
  const role = 'repaired';
  const changed = { ...made, context: contextOf(role) };
  await couch.ask('PUT', `${path}/${made._id}`, changed);
  const { _id: id, _rev: _, ...fields } = changed;
  return { id, fleet: -1, role, fields, mark: domain };
}

/** Removes all databases but CouchDB's own. */
async function empty(couch: BareCouch): Promise<void> {
  const atOnce = pLimit(8);
  const names = await couch.databases();
  await Promise.all(names.map((name) => atOnce(() => couch.ask('DELETE', `/${encodeURIComponent(name)}`))));
}
