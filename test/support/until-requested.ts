import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import { z } from 'zod';

/** Where Node announces each HTTP request of this process. */
const CHANNEL = 'http.client.request.start';

const announced = z.object({ request: z.instanceof(ClientRequest) });

/** Waits until this process has begun so many requests, from now on, in whose path there is that text. */
export async function untilRequested(text: string, times: number): Promise<void> {
  let begun = 0;
  await new Promise<void>((resolve) => {
    const count = (message: unknown): void => {
      if (announced.parse(message).request.path.includes(text)) begun += 1;
      if (begun < times) return;
      unsubscribe(CHANNEL, count);
      resolve();
    };
    subscribe(CHANNEL, count);
  });
}
