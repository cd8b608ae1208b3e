import type { Changes, DatabaseFacts } from '../../couchdb/documents.ts';
import { isNoDatabase } from '../../couchdb/errors.ts';
import { sequenceNumber } from '../../couchdb/sequence-number.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { pause } from '../../pause.ts';
import { createInstanceMap, type InstanceMap, type InstanceNames } from './instance-map.ts';
import { INSTANCES } from './lookup.ts';

/** How often CouchDB is asked, in milliseconds. */
export interface FollowTimes {
  /** How long a question waits for something to change. */
  readonly wait: number;
  /** From one question to the next, where something has changed or gone wrong. */
  readonly gap: number;
  /** From one look for a database that was never there to the next. */
  readonly absent: number;
  /** From one comparison with what CouchDB says of the database to the next. */
  readonly census: number;
  /** Least time between two readings of everything, where they are only a precaution. */
  readonly reload: number;
  /** Silence after which nothing may be said any more. */
  readonly silence: number;
}

/**
 * After a silence of a second a login goes ahead of the next request (`couchdb/login-gate.ts`), but an answer that was
 * waited for is followed by the next question at once. So a quiet fleet costs one request in 7 s, and two processes that
 * look for a database less than one a second. What waits has to end before `silence`, and what changes in a gap has to
 * be seen within 2 s.
 */
export const FOLLOW_TIMES: FollowTimes = {
  wait: 7_000,
  gap: 1_500,
  absent: 5_000,
  census: 30_000,
  reload: 30_000,
  silence: 10_000,
};

export interface FollowOptions {
  readonly global: CouchServer;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told when CouchDB is not heard any more, with the first failure, and without one when it is heard again. */
  report?(failure: unknown): void;
  readonly times?: FollowTimes;
}

/** The names of all instances, as they were at most a moment ago. */
export interface FollowedInstances {
  /** What was read last; undefined where nothing may be said, for it may have changed since. */
  names(): InstanceNames | undefined;
  /** Fulfilled when it has ended. */
  readonly ended: Promise<void>;
}

interface Reading {
  readonly map: InstanceMap;
  /** Where the next page begins. */
  since: string;
  readonly madeAt: string;
  readonly readAt: number;
  /** Documents that CouchDB counts beyond ours; one that stays shows that we have missed something. */
  difference: number;
}

/** Documents that are read at a time. */
const PAGE = 1_000;

/** In the place of the time when a database was made, where there was none. */
const NEVER = '';

/** The time of a reading that must not be kept. */
const NOT_READ = Number.NEGATIVE_INFINITY;

const now = () => performance.now();

/**
 * Reads all documents of `global/instances` once, and then what changes: a question that CouchDB answers when there is
 * something to say. A database that was made anew, or from which something was purged, is read anew, beside what is known
 * until then. A database that was never there has no instances; one that is there no more is an outage.
 */
export function followInstances({
  global,
  signal,
  report,
  times = FOLLOW_TIMES,
}: FollowOptions): FollowedInstances {
  let reading: Reading | undefined;
  let isStale = true;
  let censusAt = 0;
  let tolerated = 0;
  let heardAt = Number.NEGATIVE_INFINITY;
  let isLost = false;

  function heard(): void {
    heardAt = now();
    if (isLost) report?.(undefined);
    isLost = false;
  }

  function lost(failure: unknown): void {
    if (!isLost) report?.(failure);
    isLost = true;
  }

  /** Reads everything into a map of its own, which then takes the place of the one before. */
  async function readAll(): Promise<void> {
    const { madeAt } = await global.databaseFacts(INSTANCES, signal);
    const fresh = { map: createInstanceMap(), since: '0', madeAt, readAt: now(), difference: 0 };
    for (let isWhole = false; !isWhole; ) {
      isWhole = take(fresh, await global.changes(INSTANCES, fresh.since, PAGE, signal));
      if (reading !== undefined) heard();
    }
    reading = { ...fresh, readAt: now() };
    isStale = false;
    censusAt = now() + times.census;
  }

  /** A database that was made anew begins with lower numbers; one that was purged has fewer documents than we know. */
  function compare(known: Reading, { madeAt, documents }: DatabaseFacts): void {
    const difference = documents - known.map.size;
    if (madeAt !== known.madeAt) isStale = true;
    // What changes at this moment makes a difference, too, but not the same one twice.
    else if (difference !== 0 && difference !== tolerated && difference === known.difference) {
      isStale = true;
      // Where reading all of it changes nothing, as with nodes that count differently, once is enough.
      tolerated = difference;
    }
    known.difference = difference;
    censusAt = now() + times.census;
  }

  /** @returns whether there may be more to read at once */
  async function step(): Promise<boolean> {
    if (reading === undefined || (isStale && now() - reading.readAt >= times.reload)) {
      await readAll();
      return false;
    }
    if (now() >= censusAt) compare(reading, await global.databaseFacts(INSTANCES, signal));
    const { since } = reading;
    const page = await global.awaitChanges(INSTANCES, since, PAGE, times.wait, signal);
    if (sequenceNumber(page.lastSequence) < sequenceNumber(since)) isStale = true;
    return !take(reading, page);
  }

  /** @returns how long to wait, from the begin of the last step */
  function failed(error: unknown): number {
    if (isNoDatabase(error) && (reading === undefined || reading.madeAt === NEVER)) {
      reading = { map: createInstanceMap(), since: '0', madeAt: NEVER, readAt: NOT_READ, difference: 0 };
      isStale = true;
      heard();
      return times.absent;
    }
    if (isNoDatabase(error) && reading !== undefined) {
      // Whatever comes in its place has to be read from its begin.
      reading = { ...reading, readAt: NOT_READ };
      isStale = true;
    }
    lost(error);
    return times.gap;
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const begun = now();
      let until = begun + times.gap;
      try {
        const hasMore = await step();
        heard();
        if (hasMore) until = begun;
      } catch (error) {
        if (signal.aborted) return;
        until = begun + failed(error);
      }
      await pause(Math.max(0, until - now()), signal).catch(() => undefined);
    }
  }

  return {
    names: () => (now() - heardAt <= times.silence ? reading?.map : undefined),
    ended: follow(),
  };
}

/** @returns whether there is nothing more to read */
function take(reading: { readonly map: InstanceMap; since: string }, page: Changes): boolean {
  for (const change of page.changes) reading.map.take(change);
  // Only now: what a failure has kept from being read comes again.
  reading.since = page.lastSequence;
  return page.changes.length < PAGE;
}
