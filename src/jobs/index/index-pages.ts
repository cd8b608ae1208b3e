import type { RedisClient } from '../../redis/client.ts';
import { type Place, readPlace } from './place.ts';

/** A position in the index, newest first: by time of creation, then by member. */
export interface IndexPosition {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Id of a job or of a batch. */
  readonly member: string;
}

/** A job or a batch, and the places where it was found: a batch can be in several. */
export interface IndexEntry extends IndexPosition {
  readonly places: readonly Place[];
}

/** A place with the key of its members. */
interface PlaceSet {
  readonly place: Place;
  readonly key: string;
}

/** The set that names all places, and which of these are read. */
interface PlaceNames {
  readonly key: string;
  setsOf(places: readonly Place[]): readonly PlaceSet[];
}

/** Members of one place that are read at a time where very many were made in the same millisecond. */
const MOST_MEMBERS = 100_000;

/**
 * Members of several places, merged, newest first. The places and their names are read in one transaction: what moves
 * meanwhile is in exactly one of them. A position is told by what its member is, not by how many come before it.
 */
export async function readEntries(
  redis: RedisClient,
  names: PlaceNames,
  after: IndexPosition | undefined,
  limit: number,
): Promise<IndexEntry[]> {
  let sets = names.setsOf(await placesAt(redis, names.key));
  for (let count = limit + 1; ; ) {
    const { places, found } = await readOnce(redis, names.key, sets, after, count);
    const now = names.setsOf(places);
    // A job may have moved to a place that is new since the names were read.
    const isNew = now.some(({ key }) => !sets.some((known) => known.key === key));
    sets = now;
    if (isNew) continue;
    const entries = merged(found);
    const isCutOff = found.some(({ readTo }) => readTo !== undefined);
    if (entries.length > 0 || !isCutOff || count >= MOST_MEMBERS) return entries.slice(0, limit);
    count *= 4;
  }
}

/** Places that are named there; none where there is something else than names. */
async function placesAt(redis: RedisClient, key: string): Promise<Place[]> {
  const [answer] = (await redis.multi([['smembers', key]]).exec()) ?? [];
  return placesIn(answer);
}

function placesIn(answer: readonly [Error | null, unknown] | undefined): Place[] {
  const [error, names] = answer ?? [];
  if (error || !Array.isArray(names)) return [];
  return names.map(String).flatMap((name) => readPlace(name) ?? []);
}

interface FoundMembers {
  readonly place: Place;
  readonly members: readonly IndexPosition[];
  /** Where reading stopped, though there may be more. */
  readonly readTo: IndexPosition | undefined;
}

async function readOnce(
  redis: RedisClient,
  names: string,
  sets: readonly PlaceSet[],
  after: IndexPosition | undefined,
  count: number,
): Promise<{ readonly places: readonly Place[]; readonly found: readonly FoundMembers[] }> {
  const from = after === undefined ? '+inf' : String(after.time);
  const range = [from, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count, 'WITHSCORES'];
  const commands = [['smembers', names], ...sets.map(({ key }) => ['zrange', key, ...range])];
  const [named, ...answers] = (await redis.multi(commands).exec()) ?? [];
  const found = answers.flatMap(([error, answer], at): FoundMembers[] => {
    const place = sets[at]?.place;
    // What is no sorted set has no members of ours.
    if (place === undefined || error !== null || !Array.isArray(answer)) return [];
    const all = scored(answer.map(String));
    const members = all.filter((each) => after === undefined || comesAfter(each, after));
    return [{ place, members, readTo: all.length === count ? all.at(-1) : undefined }];
  });
  return { places: placesIn(named), found };
}

/** What comes behind the place where one of the readings stopped waits for the next page: there may be more before it. */
function merged(found: readonly FoundMembers[]): IndexEntry[] {
  const ends = found.flatMap(({ readTo }) => readTo ?? []);
  const entries = new Map<string, { time: number; member: string; places: Place[] }>();
  for (const { place, members } of found) {
    for (const { time, member } of members) {
      const name = `${time} ${member}`;
      const known = entries.get(name) ?? { time, member, places: [] };
      known.places.push(place);
      entries.set(name, known);
    }
  }
  return [...entries.values()]
    .filter((each) => !ends.some((end) => comesAfter(each, end)))
    .sort((a, b) => (comesAfter(b, a) ? -1 : 1));
}

/** Whether it is older, or as old with a lesser name; Redis compares names by their bytes. */
export function comesAfter(each: IndexPosition, other: IndexPosition): boolean {
  if (each.time !== other.time) return each.time < other.time;
  return Buffer.compare(Buffer.from(each.member), Buffer.from(other.member)) < 0;
}

/** What Redis answers one after the other. */
function scored(answer: readonly string[]): IndexPosition[] {
  return answer.flatMap((member, at) => {
    const time = at % 2 === 0 ? Number(answer[at + 1]) : Number.NaN;
    return Number.isFinite(time) ? [{ time, member }] : [];
  });
}
