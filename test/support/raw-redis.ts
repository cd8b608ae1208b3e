import { connect } from 'node:net';

const ANSWER_MS = 2_000;

const MARK = 'end-of-reply';
const MARKED = `$${MARK.length}\r\n${MARK}\r\n`;

/** Who has not logged in gets an error for the command, and another one for the mark. */
const TWO_ERRORS = /^(-[^\r\n]*\r\n)-[^\r\n]*\r\n$/;

/**
 * Sends one command to a Redis of this machine as whoever has not logged in, and answers its whole reply as it came,
 * an error too; undefined when there is none. A `PING` behind it tells where the reply ends.
 */
export function askRawRedis(port: number, command: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let reply = '';
    const finish = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_MS, () => finish(undefined));
    socket.on('data', (part) => {
      reply += part;
      if (reply.endsWith(MARKED)) finish(reply.slice(0, -MARKED.length));
      else if (TWO_ERRORS.test(reply)) finish(TWO_ERRORS.exec(reply)?.[1]);
    });
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    socket.write(`${encoded(command)}${encoded(['PING', MARK])}`);
  });
}

function encoded(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${command.length}\r\n${parts.join('')}`;
}
