import * as z from 'zod';

const port = z.int().min(1).max(65_535);

const message = z.discriminatedUnion('state', [
  /** A worker has begun to take jobs. */
  z.object({ state: z.literal('ready'), id: z.string() }),
  /** The servers listen. */
  z.object({ state: z.literal('serving'), publicPort: port, adminPort: port }),
  z.object({ state: z.literal('waiting'), reason: z.string() }),
]);

/** What a process of ours tells the one that started it. */
export type ParentMessage = z.infer<typeof message>;

/** Tells the parent, where there is one that listens. */
export function notifyParent(what: ParentMessage): void {
  if (process.connected) process.send?.(what);
}

/** A message of a process that was started, or undefined when it is none. */
export function readParentMessage(received: unknown): ParentMessage | undefined {
  return message.safeParse(received).data;
}
