import { randomInt } from 'node:crypto';
import { unlessAborted } from '../../couchdb/on-abort.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import type { PoolStore } from '../../instances/pool/pool-store.ts';

/** Which item would do. */
export interface WantedItem {
  readonly cluster: number;
  readonly definitions: string;
  /** How many of them have to be left to others. */
  readonly leave: number;
}

/** The items that are ready, as far as this process knows: what it gives may be another's by now. */
export interface ReadyItems {
  /** @returns an item that no other caller is given; undefined where none is known */
  take(wanted: WantedItem, signal: AbortSignal): Promise<PoolItem | undefined>;
  /** Lets others have an item that was not used. */
  giveBack(item: PoolItem): void;
  /** Has the books read again after a few of these. */
  lost(): void;
}

/** How long a pool that had too few is not looked at again, in milliseconds. */
const LOOK_AGAIN_MS = 2_000;

/** After so many items that others had taken, what is known is too old. */
const MOST_LOST = 3;

/** An item that was given and is ready all the same after this time, in milliseconds, was not claimed. */
const GIVEN_MS = 60_000;

/**
 * Reads the books when what it knows has run out, once for all who wait. So a full pool is read once, and an empty one
 * costs little. Items are given at random, for those who claim at the same time would all begin at the first.
 *
 * @param now milliseconds on a clock that never jumps
 */
export function createReadyItems(
  store: Pick<PoolStore, 'list'>,
  now: () => number = () => performance.now(),
): ReadyItems {
  let known = new Map<string, PoolItem[]>();
  const given = new Map<string, number>();
  let readAt = Number.NEGATIVE_INFINITY;
  let lost = 0;
  let reading: Promise<void> | undefined;

  /** Without the signal of a job: others wait for the same answer. */
  async function read(): Promise<void> {
    lost = 0;
    const begun = now();
    const { items } = await store.list();
    readAt = begun;
    for (const [prefix, at] of given) if (readAt - at >= GIVEN_MS) given.delete(prefix);
    known = new Map();
    for (const item of items) {
      if (item.state !== 'ready' || given.has(item.prefix)) continue;
      const alike = known.get(keyOf(item)) ?? [];
      alike.push(item);
      known.set(keyOf(item), alike);
    }
  }

  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  return {
    async take(wanted, signal) {
      const key = keyOf(wanted);
      const isShort = () => (known.get(key)?.length ?? 0) <= wanted.leave;
      if (lost >= MOST_LOST || (isShort() && (reading !== undefined || now() - readAt >= LOOK_AGAIN_MS))) {
        await unlessAborted(refresh(), signal);
        signal.throwIfAborted();
      }
      const items = known.get(key);
      if (items === undefined || isShort()) return undefined;
      const [item] = items.splice(randomInt(items.length), 1);
      if (item !== undefined) given.set(item.prefix, now());
      return item;
    },

    giveBack(item) {
      // One that was read again meanwhile is not known twice.
      if (given.delete(item.prefix)) known.set(keyOf(item), [...(known.get(keyOf(item)) ?? []), item]);
    },

    lost() {
      lost += 1;
    },
  };
}

function keyOf({ cluster, definitions }: Pick<WantedItem, 'cluster' | 'definitions'>): string {
  return `${cluster} ${definitions}`;
}
