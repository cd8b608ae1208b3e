import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';
import { type IndexEntry, type IndexPosition, readEntries } from './index-pages.ts';
import { DROP_MEMBER, MOVE_JOB } from './index-scripts.ts';
import { type Place, placeName, placeOf } from './place.ts';

/** A single job that is about to be added. */
export interface NewEntry {
  readonly jobId: string;
  readonly kind: string;
  /** As the job will have it, in milliseconds since 1970. */
  readonly timestamp: number;
}

/**
 * All jobs by kind, state, and where and why they stopped, newest first: single jobs by their id, the rows of batches by
 * their batch. It says where to look; what a job is, the job says.
 */
export interface JobIndex {
  /** Enters jobs that wait, before they are added: a crash in between leaves an entry without a job, never a job without one. */
  add(jobs: readonly NewEntry[]): Promise<void>;
  /**
   * Moves a single job, unless as new a report is known.
   * @param order of the report (`batches/row-state.ts`)
   */
  move(jobId: string, place: Place, order: number): Promise<void>;
  /** Members of the places that are meant from there on, newest first, at most `limit`; none that moves meanwhile is missed. */
  page(
    isMeant: (place: Place) => boolean,
    after: IndexPosition | undefined,
    limit: number,
  ): Promise<IndexEntry[]>;
  /** Takes a job out of a place, unless it is there and belongs to it. */
  dropJob(jobId: string, place: Place): Promise<void>;
  /** Takes a batch out of a place, unless there is that batch. */
  dropBatch(id: string, place: Place): Promise<void>;
}

export function createJobIndex(redis: RedisClient, keys: Keys): JobIndex {
  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      const writes = redis.pipeline();
      for (const { jobId, kind, timestamp } of jobs) {
        const place = placeName(placeOf(kind, 'waiting'));
        writes.zadd(`${keys.index}:${place}`, timestamp, jobId).sadd(keys.index, place);
      }
      // What somebody else has put there keeps no job from being added; without Redis none is.
      await writes.exec();
    },

    async move(jobId, place, order) {
      const entry = [jobId, place.kind, placeName(place), order];
      await MOVE_JOB.run(redis, [keys.bull(jobId), keys.index], entry);
    },

    async page(isMeant, after, limit) {
      const setOf = (place: Place) => ({ place, key: `${keys.index}:${placeName(place)}` });
      const names = { key: keys.index, setsOf: (all: readonly Place[]) => all.filter(isMeant).map(setOf) };
      return await readEntries(redis, names, after, limit);
    },

    async dropJob(jobId, place) {
      await DROP_MEMBER.run(redis, [keys.bull(jobId), keys.index], [jobId, placeName(place), 'timestamp']);
    },

    async dropBatch(id, place) {
      await DROP_MEMBER.run(redis, [keys.batch(id), keys.index], [id, placeName(place), 'total']);
    },
  };
}
