import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Client } from '../http/client-of.ts';

/** Of one connection, not of a request that goes on (RFC 9110 §7.6.1). */
const OF_THE_CONNECTION = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
];

/** By which clients are told; only a proxy's own word counts, and here we are the proxy. */
const TELLS_THE_CLIENT = /^(?:x-forwarded-.*|forwarded|x-real-ip)$/;

/** What a request needs to go on. */
export interface Forwarding {
  readonly client: Client;
  /** By which we know a request that we have sent ourselves. */
  readonly pseudonym: string;
  /** Whether the connection is to become another one. */
  readonly upgrades: boolean;
}

/** The headers with which a request goes on. `Host` and everything of the application stay. */
export function forwardHeaders(
  request: Pick<IncomingMessage, 'headers' | 'headersDistinct'>,
  { client, pseudonym, upgrades }: Forwarding,
): IncomingHttpHeaders {
  const { headers, headersDistinct } = request;
  const named = (headers.connection ?? '').split(',').map((each) => each.trim().toLowerCase());
  // Its body is on its way: a stack that believed that it waits would close the connection, and its answer be lost.
  const dropped = new Set([...OF_THE_CONNECTION, 'expect', ...named]);
  // The framing of the body is this connection's, too, but it is what the next one is made of.
  for (const framing of ['host', 'content-length', 'transfer-encoding']) dropped.delete(framing);
  const kept = Object.entries(headers).filter(([name]) => !dropped.has(name) && !TELLS_THE_CLIENT.test(name));
  const version = headersDistinct['accept-version']?.join(', ');
  return {
    ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
    // The framework takes it off while it looks for a route.
    ...(version !== undefined && { 'accept-version': version }),
    ...(upgrades && { connection: 'Upgrade', upgrade: headers.upgrade ?? '' }),
    via: [headers['via'], `1.1 ${pseudonym}`].filter((each) => each !== undefined).join(', '),
    'x-forwarded-for': client.address,
    'x-forwarded-proto': client.scheme,
    'x-forwarded-host': headers.host ?? '',
  };
}

/** Whether a request has come by us before. */
export function isLoop({ headers }: Pick<IncomingMessage, 'headers'>, pseudonym: string): boolean {
  return (headers['via'] ?? '').split(/[\s,]+/).includes(pseudonym);
}

/** Takes off what an answer says of the connection to us, and says what becomes of the one to the client. */
export function settleAnswer(answer: IncomingMessage, clientKeepsOpen: boolean): void {
  const named = (answer.headers.connection ?? '').split(',').map((each) => each.trim().toLowerCase());
  for (const name of [...OF_THE_CONNECTION, ...named]) {
    if (name !== 'content-length' && name !== 'transfer-encoding') delete answer.headers[name];
  }
  answer.headers.connection = clientKeepsOpen ? 'keep-alive' : 'close';
}
