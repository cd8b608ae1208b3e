import type { IncomingMessage } from 'node:http';
import type { Client } from './client-of.ts';

/** How we name ourselves to servers that requests are passed on to. */
const VIA = '1.1 cozy-fleet';

type Asked = Pick<IncomingMessage, 'headers'>;

/** Whether a request was passed on by such a server already. */
export function hasComeBack({ headers }: Asked): boolean {
  return headers['via']?.includes(VIA) === true;
}

/** What a request gets when it is passed on: only our word about its client counts. */
export function passedOn({ headers }: Asked, client: Client): Record<string, string> {
  return {
    via: VIA,
    'x-forwarded-for': client.address,
    'x-forwarded-proto': client.scheme,
    'x-forwarded-host': headers.host ?? '',
  };
}
