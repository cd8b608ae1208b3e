import { FleetError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { BatchSnapshot } from '../../operations/batches/batch-snapshot.ts';
import { fleetSnapshot } from '../../operations/batches/fleet-snapshot.ts';
import { createBatchLookers } from './batch-lookers.ts';
import { EventStream, type StreamLimits } from './event-stream.ts';
import { createFeed, type Feed, type FeedSource } from './shared-feed.ts';

export interface FeedLimits extends StreamLimits {
  /** Streams at a time, of all clients. */
  readonly mostStreams: number;
  /** Milliseconds between two looks at what is followed. */
  readonly periodMs: number;
}

/** Streams of events about batches and the fleet. Whatever is followed by many is read from Redis once for all. */
export interface FleetFeeds {
  /** A batch as it is now, for those who look once. @throws InputError `unknown_batch` */
  snapshot(fleet: Fleet, id: string): Promise<BatchSnapshot>;
  /** @throws InputError `unknown_batch`, FleetError `server_busy` */
  batch(fleet: Fleet, id: string): Promise<EventStream>;
  /** @throws FleetError `server_busy` */
  fleet(fleet: Fleet): Promise<EventStream>;
  /** Things that are looked at now. */
  readonly followed: number;
  /** Streams that are open. */
  readonly streams: number;
  /** Ends all of them; clients connect again, to whichever server there is. */
  close(): void;
}

export function createFleetFeeds(limits: FeedLimits): FleetFeeds {
  const feeds = new Map<string, Feed>();
  const streams = new Set<EventStream>();
  const lookers = createBatchLookers();

  function feedOf<Snapshot>(key: string, source: () => FeedSource<Snapshot>): Feed {
    const known = feeds.get(key);
    if (known !== undefined) return known;
    const feed = createFeed(source(), {
      periodMs: limits.periodMs,
      onUnused() {
        if (feeds.get(key) === feed) feeds.delete(key);
      },
    });
    feeds.set(key, feed);
    return feed;
  }

  async function open<Snapshot>(
    event: string,
    key: string,
    source: () => FeedSource<Snapshot>,
  ): Promise<EventStream> {
    if (streams.size >= limits.mostStreams) {
      throw new FleetError(
        'server_busy',
        `${limits.mostStreams} streams of events are open, and no more may be`,
      );
    }
    const stream = new EventStream(limits);
    streams.add(stream);
    let leave = (): void => undefined;
    // Whatever ends it: its end, its client, or that this one reads nothing.
    stream.once('close', () => {
      streams.delete(stream);
      leave();
    });
    // A client that leaves is no mistake of ours.
    stream.on('error', () => undefined);
    try {
      leave = await feedOf(key, source).follow({
        update({ id, data, isLast }) {
          stream.tell({ event, id, data });
          if (isLast) stream.finish();
        },
        gone: () => stream.finish(),
      });
    } catch (error) {
      stream.destroy();
      throw error;
    }
    if (stream.destroyed) leave();
    return stream;
  }

  return {
    snapshot: (fleet, id) => lookers.of(fleet, id).look(),
    batch(fleet, id) {
      return open('batch', `batch ${id}`, () => {
        const looker = lookers.of(fleet, id);
        return { look: () => looker.look(), isLast: ({ endedAt }) => endedAt !== undefined };
      });
    },
    fleet(fleet) {
      return open('fleet', 'fleet', () => ({ look: () => fleetSnapshot(fleet), isLast: () => false }));
    },
    get followed() {
      return feeds.size;
    },
    get streams() {
      return streams.size;
    },
    close() {
      for (const stream of streams) stream.destroy();
    },
  };
}
