import { z } from 'zod';
import { startCreationServer } from './creation-server.ts';
import { workerConfig, workerSettings } from './worker-settings.ts';

/* The part of the admin server that makes and destroys instances, in a process of its own. */

/** As long as it takes. */
const HOLD_SECONDS = 600;

const order = z.object({ settings: workerSettings });

async function start(message: z.infer<typeof order>): Promise<void> {
  const { url } = await startCreationServer(workerConfig(message.settings), { holdSeconds: HOLD_SECONDS });
  process.send?.({ event: 'listening', url });
}

process.on('message', (message) => {
  start(order.parse(message)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(1));
