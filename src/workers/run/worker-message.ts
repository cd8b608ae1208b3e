import { z } from 'zod';

const message = z.discriminatedUnion('state', [
  z.object({ state: z.literal('ready'), id: z.string() }),
  z.object({ state: z.literal('waiting'), reason: z.string() }),
]);

/** What a worker tells the process that started it. */
export type WorkerMessage = z.infer<typeof message>;

/** Tells the parent, where there is one that listens. */
export function notifyParent(what: WorkerMessage): void {
  if (process.connected) process.send?.(what);
}

/** A message of a worker, or undefined when it is none. */
export function readWorkerMessage(received: unknown): WorkerMessage | undefined {
  return message.safeParse(received).data;
}
