import { hostname } from 'node:os';
import { toError } from '../errors.ts';
import { SkeletonUnusable } from './errors.ts';
import type { OwnTypes } from './media-types.ts';
import { readSkeleton } from './read-skeleton.ts';
import type { Skeleton } from './skeleton.ts';

/** Which skeleton new instances are to get. */
export interface WantedSkeleton {
  /** Of `Skeleton`. */
  readonly digest: string;
  /** Absolute; absent = what `fleet.skeleton` says on the machine of the worker. */
  readonly directory?: string | undefined;
}

/** The skeletons of this machine, each read once for as long as it is asked for. */
export interface SkeletonStore {
  /** @throws SkeletonUnusable where this machine has none, or another one */
  find(wanted: WantedSkeleton, signal?: AbortSignal): Promise<Skeleton>;
}

/** @param configured `fleet.skeleton`, absolute; undefined where it is not set */
export function createSkeletonStore(configured: string | undefined, ownTypes: OwnTypes): SkeletonStore {
  const read = new Map<string, Skeleton>();
  /** One reading at a time of each directory: jobs that begin together wait for the same one. */
  const reading = new Map<string, Promise<Skeleton>>();

  async function readOnce(directory: string): Promise<Skeleton> {
    const under = reading.get(directory) ?? readSkeleton(directory, ownTypes);
    reading.set(directory, under);
    try {
      const skeleton = await under;
      read.set(directory, skeleton);
      return skeleton;
    } finally {
      reading.delete(directory);
    }
  }

  return {
    async find({ digest, directory = configured }, signal) {
      if (directory === undefined) {
        throw new SkeletonUnusable(
          `this worker on ${hostname()} has no fleet.skeleton, and the job was queued where there is one`,
        );
      }
      const known = read.get(directory);
      if (known?.digest === digest) return known;
      signal?.throwIfAborted();
      const now = await readOnce(directory).catch((thrown: unknown) => {
        const { message } = toError(thrown);
        throw new SkeletonUnusable(`the skeleton ${directory} on ${hostname()}: ${message}`, {
          cause: thrown,
        });
      });
      if (now.digest === digest) return now;
      throw new SkeletonUnusable(
        `the skeleton ${directory} on ${hostname()} is another one than that of the job: its digest is ${short(now.digest)}, and the job was queued with ${short(digest)}`,
      );
    },
  };
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
