import { z } from 'zod';
import type { RedisTarget } from '../../src/config/redis-target.ts';
import { instanceOptions } from '../../src/instances/options/options.ts';
import { type KeyedFleet, openFleet } from '../../src/jobs/fleet/fleet.ts';
import { creation, enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { withKey } from './keyed-fleet.ts';

/* What a command does when an operator adds an instance, in a process of its own. */

const order = z.discriminatedUnion('order', [
  z.object({
    order: z.literal('start'),
    redis: z.custom<RedisTarget>(),
    prefix: z.string(),
    sealKey: z.string(),
  }),
  z.object({ order: z.literal('add'), options: instanceOptions }),
]);

let fleet: KeyedFleet | undefined;

async function obey(message: z.infer<typeof order>): Promise<void> {
  if (message.order === 'start') {
    const { redis, prefix, sealKey } = message;
    fleet = withKey(await openFleet({ redis, prefix, role: 'command' }), sealKey);
    process.send?.({ event: 'ready' });
    return;
  }
  if (fleet === undefined) throw new Error('not started yet');
  const answer = await enqueueJob(fleet, creation({ options: message.options, tries: 8 }));
  process.send?.({ event: 'answer', answer });
}

process.on('message', (message) => {
  obey(order.parse(message)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(1));
