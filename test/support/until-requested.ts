import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { z } from 'zod';

/** Where Node, and where undici announces each HTTP request of this process. */
const CHANNELS = ['http.client.request.start', 'undici:request:create'];

const announced = z.object({ request: z.object({ path: z.string() }) });

/** Waits until this process has begun so many requests, from now on, in whose path there is that text. */
export async function untilRequested(text: string, times: number): Promise<void> {
  let begun = 0;
  await new Promise<void>((resolve) => {
    const count = (message: unknown): void => {
      if (announced.parse(message).request.path.includes(text)) begun += 1;
      if (begun < times) return;
      for (const channel of CHANNELS) unsubscribe(channel, count);
      resolve();
    };
    for (const channel of CHANNELS) subscribe(channel, count);
  });
}
