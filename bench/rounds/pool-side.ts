import { claimEach } from '../pool/claims.ts';
import { fillPool } from '../pool/fill.ts';
import { requirePooled } from '../pool/pooled.ts';
import { type QueueSideOptions, queueSide } from './queue-side.ts';
import type { Side } from './side.ts';

/** A batch through the whole queue, whose databases were made beforehand. */
export function poolSide(options: QueueSideOptions): Side {
  const { fleet, servers } = options;
  return {
    ...queueSide(options),
    name: 'pool',
    described: 'the same, with an item of the pool ready for each instance; fill is what the items cost',
    claim: (domains, before, signal) => claimEach(fleet, servers.couch, domains, before, signal),
    check: (domains) => requirePooled(servers.couch, domains),
    async fill(count, signal) {
      const begun = performance.now();
      await fillPool(fleet, servers.couch, count, signal);
      return { ms: performance.now() - begun };
    },
  };
}
