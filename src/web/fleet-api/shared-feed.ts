import { createHash } from 'node:crypto';
import { FleetError } from '../../errors.ts';

/** What those who follow something are told. */
export interface FeedUpdate {
  /** The same for the same content, in every process. */
  readonly id: string;
  /** All of it as JSON, in one line. */
  readonly data: string;
  /** Whether nothing will change any more. */
  readonly isLast: boolean;
}

/** Somebody who follows something. */
export interface FeedListener {
  update(update: FeedUpdate): void;
  /** It is there no more, and nothing further is told. */
  gone(): void;
}

/** Something that changes, looked at once for all who follow it. */
export interface Feed {
  /**
   * Tells how it stands at once, and then each time it has changed, until it was the last time.
   * @returns what ends it
   * @throws whatever the first look throws
   */
  follow(listener: FeedListener): Promise<() => void>;
}

export interface FeedSource<Snapshot> {
  look(): Promise<Snapshot>;
  isLast(snapshot: Snapshot): boolean;
}

export interface FeedOptions {
  /** Milliseconds between two looks. */
  readonly periodMs: number;
  /** Called when nobody follows it any more. */
  onUnused(): void;
}

/** Looks only while somebody follows. Where Redis is away for a while, nothing is told, and it goes on afterwards. */
export function createFeed<Snapshot>(
  { look, isLast }: FeedSource<Snapshot>,
  { periodMs, onUnused }: FeedOptions,
): Feed {
  const listeners = new Set<FeedListener>();
  let latest: FeedUpdate | undefined;
  let looking: Promise<FeedUpdate> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function lookOnce(): Promise<FeedUpdate> {
    const snapshot = await look();
    const data = JSON.stringify(snapshot);
    const id = createHash('sha256').update(data).digest('hex').slice(0, 16);
    return { id, data, isLast: isLast(snapshot) };
  }

  /** All who ask in the same moment share one look. */
  async function lookTogether(): Promise<FeedUpdate> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return await looking;
  }

  async function firstLook(): Promise<FeedUpdate> {
    try {
      return await lookTogether();
    } catch (error) {
      if (listeners.size === 0) onUnused();
      throw error;
    }
  }

  async function tick(): Promise<void> {
    try {
      const update = await lookTogether();
      if (update.id !== latest?.id) for (const each of listeners) each.update(update);
      latest = update;
      if (update.isLast) listeners.clear();
    } catch (error) {
      if (error instanceof FleetError && error.code === 'unknown_batch') {
        for (const each of listeners) each.gone();
        listeners.clear();
      }
    }
    goOn();
  }

  function goOn(): void {
    clearTimeout(timer);
    timer = undefined;
    if (listeners.size > 0) {
      timer = setTimeout(() => void tick(), periodMs);
      return;
    }
    latest = undefined;
    onUnused();
  }

  return {
    async follow(listener) {
      const update = latest ?? (await firstLook());
      listener.update(update);
      if (update.isLast) {
        if (listeners.size === 0) onUnused();
        return () => undefined;
      }
      listeners.add(listener);
      latest ??= update;
      timer ??= setTimeout(() => void tick(), periodMs);
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) goOn();
      };
    },
  };
}
