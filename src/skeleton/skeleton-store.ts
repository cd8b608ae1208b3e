import { hostname } from 'node:os';
import { toError } from '../errors.ts';
import { SkeletonUnusable } from './errors.ts';
import type { OwnTypes } from './media-types.ts';
import { readSkeleton } from './read-skeleton.ts';
import type { Skeleton } from './skeleton.ts';
import { sharedStamps } from './stamp-of.ts';

/** Which skeleton new instances are to get. */
export interface WantedSkeleton {
  /** Of `Skeleton`. */
  readonly digest: string;
  /** Absolute; absent = what `fleet.skeleton` says on the machine of the worker. */
  readonly directory?: string | undefined;
}

/** The skeletons of this machine, each read once for as long as nothing changes in its directory. */
export interface SkeletonStore {
  /** @throws SkeletonUnusable where this machine has none, or another one */
  find(wanted: WantedSkeleton, signal?: AbortSignal): Promise<Skeleton>;
}

/** @param configured `fleet.skeleton`, absolute; undefined where it is not set */
export function createSkeletonStore(configured: string | undefined, ownTypes: OwnTypes): SkeletonStore {
  const stampOf = sharedStamps();
  /** By their directories, with the stamps that those had before they were read. */
  const read = new Map<string, { readonly stamp: string; readonly skeleton: Promise<Skeleton> }>();

  /** Jobs that begin together wait for the same reading. */
  async function asItIs(directory: string): Promise<Skeleton> {
    const stamp = await stampOf(directory);
    const before = read.get(directory);
    const known = before?.stamp === stamp ? before : { stamp, skeleton: readSkeleton(directory, ownTypes) };
    read.set(directory, known);
    try {
      return await known.skeleton;
    } catch (error) {
      if (read.get(directory) === known) read.delete(directory);
      throw error;
    }
  }

  return {
    async find({ digest, directory = configured }, signal) {
      if (directory === undefined) {
        throw new SkeletonUnusable(
          `this worker on ${hostname()} has no fleet.skeleton, and the job was queued where there is one`,
        );
      }
      signal?.throwIfAborted();
      const now = await asItIs(directory).catch((thrown: unknown) => {
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
