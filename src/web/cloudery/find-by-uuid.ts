import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { classifyDocument, requireReadable } from '../../instances/lookup/classify-document.ts';
import { INSTANCES, readInstance } from '../../instances/lookup/lookup.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { plainError } from '../admin/messages/error-json.ts';
import { clouderyId } from './ordered-instance.ts';

// No index of a stack has the uuid, and one of our own would be left in its database. So all documents have to be read
// to find one, some 15,000 in a second, which is done once for each; where it was is remembered.

/** Searches that may wait for their turn: each reads all instances. */
const MOST_WAITING = 20;

/** Seconds after which the others may be done. */
const RETRY_AFTER_SECONDS = 5;

/** How long it is remembered where an instance was. */
const MEMORY_SECONDS = 30 * 24 * 3600;

const LONGEST_ID = 255;

/** Finds instances by the id that Cloudery's clients have of them. */
export interface UuidLookup {
  /**
   * @param certain whether it must be the only one with that id, as before it is destroyed
   * @throws FleetError `not_found`; AnswerError 409 where two have it, 503 where too many searches wait
   */
  find(id: string, certain: boolean): Promise<StoredInstance>;
}

export interface UuidLookupPlaces {
  readonly global: CouchServer;
  fleet(): Promise<Pick<Fleet, 'redis' | 'keys'>>;
}

export function createUuidLookup({ global, fleet }: UuidLookupPlaces): UuidLookup {
  // One at a time: a search takes CouchDB's time as long as there are instances.
  const turn = pLimit(1);

  async function remembered(id: string): Promise<StoredInstance | undefined> {
    const { redis, keys } = await fleet();
    const found = await redis.get(keys.uuid(digest(id)));
    const instance = found ? await readInstance(global, found) : undefined;
    return instance !== undefined && goesBy(instance, id) ? instance : undefined;
  }

  async function searched(id: string): Promise<StoredInstance> {
    if (turn.pendingCount >= MOST_WAITING) {
      throw plainError(503, 'Too many instances are being looked for', RETRY_AFTER_SECONDS);
    }
    const [byUuid, byId] = await Promise.all([turn(() => withUuid(id)), readInstance(global, id)]);
    const all = [...byUuid, ...(byId === undefined || byId.uuid ? [] : [byId])];
    const [instance, second] = all.filter((each) => goesBy(each, id));
    if (instance === undefined) throw notFound();
    if (second !== undefined) throw plainError(409, 'Two instances have that id');
    const { redis, keys } = await fleet();
    await redis.set(keys.uuid(digest(id)), instance._id, 'EX', MEMORY_SECONDS);
    return instance;
  }

  async function withUuid(uuid: string): Promise<StoredInstance[]> {
    const search = global.find(INSTANCES, { selector: { uuid }, limit: 2 });
    return ((await unlessNoDatabase(search)) ?? []).map(classifyDocument).map(requireReadable);
  }

  return {
    async find(id, certain) {
      if (!isId(id)) throw notFound();
      const known = certain ? undefined : await remembered(id);
      return known ?? (await searched(id));
    },
  };
}

/** One that is being made has no id yet. */
function goesBy(instance: StoredInstance, id: string): boolean {
  return clouderyId(instance) === id && !isReservation(instance);
}

/** CouchDB keeps ids that begin with "_" for itself. */
function isId(text: string): boolean {
  return text !== '' && text.length <= LONGEST_ID && !text.startsWith('_');
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function notFound(): FleetError {
  return new FleetError('not_found', 'Instance not found');
}
