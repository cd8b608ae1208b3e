import { connect } from 'node:net';
import type { SingleRedis } from '../config/redis-target.ts';
import { commandText, type Reply, readReply } from './resp.ts';

/** A Redis that is reached without TLS, at one address. */
export type PlainRedis = Exclude<SingleRedis, { readonly kind: 'sentinel' }> & { readonly tls?: undefined };

/** One connection to a Redis, which ends with the first trouble and never comes back. */
export interface PlainConnection {
  /** @throws what the Redis answered, or why there was no answer; it may have been carried out then */
  call(...words: readonly (string | number)[]): Promise<Reply>;
  close(): void;
}

/** No answer that is asked for here is anywhere near as long, in bytes. */
const LONGEST_ANSWER = 65_536;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/**
 * Connects at once. It knows no more than what a few scripts need, for that loads in no time: the client that copes
 * with all that may happen to a Redis takes as long to load as a short command needs for the rest of its work.
 */
export function createPlainConnection(target: PlainRedis): PlainConnection {
  const socket = connect(
    target.kind === 'socket' ? { path: target.path } : { host: target.host, port: target.port },
  );
  const waiting: Waiting[] = [];
  let received = Buffer.alloc(0);
  let ended: Error | undefined;

  function end(error: Error): void {
    ended ??= error;
    socket.destroy();
    for (const { reject } of waiting.splice(0)) reject(ended);
  }

  function take(bytes: Buffer): void {
    received = Buffer.concat([received, bytes]);
    for (let read = readReply(received); read !== undefined; read = readReply(received)) {
      received = received.subarray(read.next);
      const next = waiting.shift();
      if (next === undefined) throw new Error('Redis answered what was not asked');
      if (read.value instanceof Error) next.reject(read.value);
      else next.resolve(read.value);
    }
    if (received.length > LONGEST_ANSWER) throw new Error('Redis answers without end');
  }

  socket.setNoDelay(true);
  socket.on('error', end);
  socket.on('close', () => end(new Error('the connection has ended')));
  socket.on('data', (bytes) => {
    try {
      take(bytes);
    } catch (thrown) {
      end(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  });

  async function send(words: readonly (string | number)[]): Promise<Reply> {
    if (ended !== undefined) throw ended;
    return await new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      socket.write(commandText(words));
    });
  }

  /** Nothing else is sent before it is known that this is our user, and our database. */
  const entered = enter(target, send);
  entered.catch(end);

  return {
    async call(...words) {
      await entered;
      return await send(words);
    },
    close: () => end(new Error('the connection was closed')),
  };
}

async function enter(
  { username, password, database }: PlainRedis,
  send: (words: readonly (string | number)[]) => Promise<Reply>,
): Promise<void> {
  if (password !== undefined) await send(['AUTH', ...(username === undefined ? [] : [username]), password]);
  if (database !== 0) await send(['SELECT', database]);
}
