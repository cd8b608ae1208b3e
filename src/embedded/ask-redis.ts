import { connect } from 'node:net';

const ANSWER_MS = 2000;

/**
 * Sends one command to a Redis and answers the raw reply, or undefined when there is none.
 * Spelled out here because a client's reconnecting is in the way while a server starts.
 */
export function askRedis(port: number, command: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_MS, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
    socket.once('data', (data) => finish(data.toString('utf8')));
    socket.once('connect', () => {
      const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
      socket.write(`*${command.length}\r\n${parts.join('')}`);
    });
  });
}

/** Whether a Redis at this port answers and has loaded its data. */
export async function isRedisReady(port: number): Promise<boolean> {
  return (await askRedis(port, ['PING']))?.startsWith('+PONG') ?? false;
}
