import { benchDomains } from '../instances.ts';
import type { Claims, ClaimTimes } from '../pool/claims.ts';
import { prefixesOf } from '../prefixes.ts';
import type { RawHttp } from '../raw/raw-http.ts';
import { buildIndexes } from '../server/built-indexes.ts';
import { rest } from '../server/rest.ts';
import type { BenchServers } from '../servers.ts';
import { requireGone } from './gone.ts';
import { type Figures, measure } from './measure.ts';
import type { Settings } from './settings.ts';
import { OPERATIONS, type Operation, type Side, type SideName } from './side.ts';

/** What was measured of one operation in one round. */
export interface Round {
  readonly operation: Operation;
  /** From 1. */
  readonly number: number;
  /** Who began. */
  readonly first: SideName;
  readonly sides: Readonly<Partial<Record<SideName, Figures>>>;
}

export interface RoundsInput {
  readonly settings: Settings;
  readonly servers: BenchServers;
  readonly sides: readonly Side[];
  readonly http: RawHttp;
  /** Makes this run's domains its own. */
  readonly run: string;
  readonly interrupted: AbortSignal;
}

/** Has each side make and remove some instances, so that code is compiled and connections are open. */
export async function warmUp({ sides, settings, servers, run, interrupted }: RoundsInput): Promise<void> {
  for (const side of sides) {
    const domains = benchDomains(run, `warm-${side.name}`, settings.warmUp);
    await clearing(side, domains, async () => {
      await side.fill?.(domains.length, interrupted);
      await side.make(domains, interrupted);
      if (settings.only.includes('destroy')) await side.remove(domains, interrupted);
    });
  }
  await rest(servers.couchUrl, settings.settle, interrupted);
}

/** Single creations of the side that has a pool, which is filled for them; undefined where none are wanted. */
export async function runClaims(input: RoundsInput): Promise<Claims | undefined> {
  const { settings, servers, sides, run, interrupted } = input;
  const side = sides.find(({ claim }) => claim !== undefined);
  const { fill, claim } = side ?? {};
  if (settings.claims === 0 || side === undefined || fill === undefined || claim === undefined)
    return undefined;
  const idle = (least: number) => rest(servers.couchUrl, least, interrupted);
  const times = async (label: string, before: () => Promise<void>): Promise<ClaimTimes> => {
    const domains = benchDomains(run, label, settings.claims);
    await fill(settings.claims, interrupted);
    await idle(settings.settle);
    try {
      return await claim(domains, before, interrupted);
    } finally {
      await side.clear(domains);
    }
  };
  return {
    alone: await times('alone', () => idle(0)),
    inTurn: await times('in-turn', async () => undefined),
  };
}

/**
 * The rounds, one after the other: all sides do all operations in each, and another side begins in each.
 * @yields what was measured, operation by operation
 */
export async function* runRounds(input: RoundsInput): AsyncGenerator<Round> {
  const { settings, sides } = input;
  for (let number = 1; number <= settings.rounds; number += 1) {
    const from = (number - 1) % sides.length;
    const order = [...sides.slice(from), ...sides.slice(0, from)];
    const results: { readonly side: SideName; readonly figures: SideFigures }[] = [];
    for (const side of order) {
      results.push({ side: side.name, figures: await measureSide(input, side, number) });
    }
    for (const operation of OPERATIONS) {
      if (!results.some(({ figures }) => figures[operation] !== undefined)) continue;
      yield {
        operation,
        number,
        first: order[0]?.name ?? 'raw',
        sides: Object.fromEntries(results.map(({ side, figures }) => [side, figures[operation]])),
      };
    }
  }
}

type SideFigures = Partial<Record<Operation, Figures>>;

/** Fills the pool of a side that has one, makes the instances, waits until their indexes are built and the server is idle, and destroys them. */
async function measureSide(input: RoundsInput, side: Side, number: number): Promise<SideFigures> {
  const { settings, servers, http, run, interrupted } = input;
  const { instances, only, settle } = settings;
  const domains = benchDomains(run, `${number}-${side.name}`, instances);
  const idle = (least: number) => rest(servers.couchUrl, least, interrupted);
  const figures: SideFigures = {};
  await idle(settle);
  const { fill } = side;
  if (fill !== undefined) {
    figures.fill = await measure(
      side,
      instances,
      () => fill(instances, interrupted),
      () => idle(settle),
    );
  }
  await clearing(side, domains, async () => {
    const make = () => side.make(domains, interrupted);
    if (only.includes('create')) figures.create = await measure(side, instances, make, () => idle(0));
    else await make();
    await side.check?.(domains);
    if (!only.includes('destroy')) return;
    // Also where CouchDB builds them by itself: that it is idle does not say that they are there.
    const prefixes = await prefixesOf(servers.couch, domains);
    if (servers.real) await buildIndexes(http, prefixes.values());
    await idle(settle);
    const remove = () => side.remove(domains, interrupted);
    figures.destroy = await measure(side, instances, remove, () => idle(0));
    await requireGone(servers.couch, prefixes);
  });
  return figures;
}

/** Removes what is left of the instances after the work: every measurement begins on the same server. */
async function clearing(side: Side, domains: readonly string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await side.clear(domains);
  }
}
