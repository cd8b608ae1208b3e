import { startTestCouch, startTestRedis, type TestCouch, type TestRedis } from '../support/servers.ts';
import { tryCell } from '../support/strange-fleets/cell.ts';
import { bareCouch } from '../support/strange-fleets/couch.ts';
import type { Violation } from '../support/strange-fleets/judge.ts';
import { type FleetKind, strangeFleet } from '../support/strange-fleets/strange-fleet.ts';

/** Any whole number; another one makes other fleets. */
const SEED = numberOf('STRANGE_SEED', 13);

/** How many fleets, and from which on: a failure names its own. */
const FLEETS = numberOf('STRANGE_FLEETS', 40);
const FIRST = numberOf('STRANGE_FIRST', 0);

/** Fleets that are in one CouchDB and one storage at a time. */
const IN_A_CELL = 20;

/** The most violations of a cell that are printed, of each sort. */
const SHOWN = 5;

/** Cells take turns: orphans are removed only where every document can be read. */
const KINDS = ['typed', 'untyped'] as const satisfies readonly FleetKind[];

describe('commands over fleets of strange documents, folders and links', function () {
  this.timeout(600_000);
  let couch: TestCouch;
  let redis: TestRedis;

  before(async () => {
    [couch, redis] = await Promise.all([emptyCouch(), startTestRedis()]);
  });

  after(async () => {
    await redis.close();
    await couch.close();
  });

  const end = FIRST + FLEETS;
  for (let first = FIRST; first < end; first = nextCell(first)) {
    const last = Math.min(nextCell(first), end) - 1;
    const number = Math.floor(first / IN_A_CELL);
    const kind = KINDS[number % KINDS.length] ?? 'typed';
    it(`touch nothing of others, and name what they refuse (${kind}, ${first} to ${last})`, async () => {
      const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      const fleets = numbers.map((each) => strangeFleet(SEED, each, kind));
      const found = await tryCell({ number, fleets, ownProcess: number === 0 }, { couch, redis });
      if (found.length > 0) throw new Error(report(found, first, numbers.length));
    });
  }
});

/** First number of the cell after that of this one. */
function nextCell(first: number): number {
  return (Math.floor(first / IN_A_CELL) + 1) * IN_A_CELL;
}

function numberOf(variable: string, otherwise: number): number {
  return Number(process.env[variable] ?? otherwise);
}

/** The CouchDB of `COUCHDB_URL` when nothing is in it: all that is, is removed. Else an embedded one. */
async function emptyCouch(): Promise<TestCouch> {
  const embedded = (): Promise<TestCouch> => startTestCouch({ ownProcess: true });
  if (!process.env['COUCHDB_URL']) return await embedded();
  const given = await startTestCouch();
  const bare = bareCouch(given);
  const isEmpty = (await bare.databases()).length === 0;
  await bare.close();
  if (isEmpty) return given;
  console.warn('COUCHDB_URL has databases, which these tests would remove: an embedded one is used instead.');
  return await embedded();
}

function report(found: readonly Violation[], first: number, count: number): string {
  const sorts = new Map<string, string[]>();
  for (const { deed, wrong, what } of found) {
    const sort = `${deed}: ${wrong}`;
    sorts.set(sort, [...(sorts.get(sort) ?? []), JSON.stringify(what)]);
  }
  return [
    `${found.length} wrongs; again: STRANGE_SEED=${SEED} STRANGE_FIRST=${first} STRANGE_FLEETS=${count}`,
    ...[...sorts].flatMap(([sort, whats]) => [`${whats.length} × ${sort}`, ...whats.slice(0, SHOWN)]),
  ].join('\n  ');
}
