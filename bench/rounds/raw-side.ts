import { type CpuClock, clientClock } from '../cpu/cpu-clock.ts';
import { makeRaw, type RawFloor } from '../raw/make-raw.ts';
import { removeRaw } from '../raw/remove-raw.ts';
import { removeInstances } from '../remove.ts';
import type { BenchServers } from '../servers.ts';
import type { Side } from './side.ts';

export interface RawSideOptions {
  readonly floor: RawFloor;
  readonly servers: BenchServers;
  readonly server: CpuClock;
  readonly concurrency: number;
}

/** The least requests that do it, sent by this process. */
export function rawSide({ floor, servers, server, concurrency }: RawSideOptions): Side {
  const revisions = new Map<string, string>();
  return {
    name: 'raw',
    described:
      'reservation, 16 PUT, a _bulk_docs per database with documents, final document; 16 DELETE and the document; built likewise',
    clocks: [server, clientClock],
    async make(domains, signal) {
      const begun = performance.now();
      const made = await makeRaw(floor, domains, concurrency, signal);
      const ms = performance.now() - begun;
      for (const [domain, rev] of made) revisions.set(domain, rev);
      return { ms };
    },
    async remove(domains, signal) {
      const begun = performance.now();
      await removeRaw(floor, domains, revisions, concurrency, signal);
      return { ms: performance.now() - begun };
    },
    requests: async () => floor.http.sent,
    async clear(domains) {
      await removeInstances(servers.couch, servers.storageRoot, domains);
      for (const domain of domains) revisions.delete(domain);
    },
  };
}
