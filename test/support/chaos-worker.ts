import { Writable } from 'node:stream';
import { z } from 'zod';
import { openLog } from '../../src/logger.ts';
import { connectWorker } from '../../src/workers/connect.ts';
import { Signal } from './chaos-signal.ts';
import { workerConfig, workerSettings } from './worker-settings.ts';

/*
 * A worker in a process of its own, which its parent may hold at the boundaries of stages, stop and
 * kill. What it is to do comes by IPC, since arguments are shown to everybody in the process list.
 */

const order = z.discriminatedUnion('order', [
  z.object({
    order: z.literal('start'),
    settings: workerSettings,
    /** Boundaries, such as `before finish`, at which the first job to arrive is held. */
    holdAt: z.array(z.string()),
  }),
  z.object({ order: z.literal('go on'), at: z.string() }),
  z.object({ order: z.literal('stop') }),
]);

const held = new Map<string, Signal<void>>();
let stop = async (): Promise<void> => undefined;

function tell(message: object): void {
  process.send?.(message);
}

/** Its log goes to the parent, a line a message. */
const toParent = new Writable({
  write(line: Buffer, _encoding, done) {
    tell({ event: 'log', message: line.toString('utf8').trim() });
    done();
  },
});

async function start(settings: z.infer<typeof workerSettings>, holdAt: readonly string[]): Promise<void> {
  const toHold = new Set(holdAt);
  async function boundary(at: string): Promise<void> {
    if (!toHold.delete(at)) return;
    const goOn = new Signal<void>();
    held.set(at, goOn);
    tell({ event: 'held', at });
    await goOn.given;
  }
  const worker = await connectWorker({
    config: workerConfig(settings),
    log: openLog({ format: 'json', level: 'info', stream: toParent }),
    observer: {
      before: (stage) => boundary(`before ${stage}`),
      after: (stage) => boundary(`after ${stage}`),
    },
  });
  stop = () => worker.stop();
  tell({ event: 'ready' });
}

async function obey(message: z.infer<typeof order>): Promise<void> {
  switch (message.order) {
    case 'start':
      await start(message.settings, message.holdAt);
      break;
    case 'go on':
      held.get(message.at)?.give();
      break;
    case 'stop':
      await stop();
      process.exit(0);
  }
}

process.on('message', (message) => {
  obey(order.parse(message)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(1));
