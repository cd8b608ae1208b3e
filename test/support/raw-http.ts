import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One answer as it came over the connection. */
export interface RawAnswer {
  /** 0 where the connection was closed without one. */
  readonly status: number;
  /** By their names in lower case; the last of several. */
  readonly headers: Readonly<Record<string, string>>;
  /** Everything behind the headers, chunks and all. */
  readonly body: string;
  readonly text: string;
}

/** Sends bytes to a port of this machine, and reads until the server closes. Each line of `head` ends with CR LF. */
export async function rawRequest(port: number, head: readonly string[], body = ''): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(`${[...head, '', ''].join('\r\n')}${body}`, 'latin1');
  return await readAnswer(socket);
}

/** Reads an answer until the connection ends. */
export async function readAnswer(socket: Socket): Promise<RawAnswer> {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  // A connection that is reset has ended, too.
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return parseAnswer(text);
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1] ?? 0),
    headers: Object.fromEntries(headers),
    body: rest.join('\r\n\r\n'),
    text,
  };
}

/** A GET that asks for the connection to be closed after it. */
export async function get(
  port: number,
  host: string,
  target = '/',
  more: readonly string[] = [],
): Promise<RawAnswer> {
  return await rawRequest(port, [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...more]);
}

/** Milliseconds after which a server is taken to wait for the rest of a request that has none. */
const WAITS_MS = 1_500;

/** Sends bytes as they are, and reads until the server closes, or waits for more than was sent. */
export async function sendBytes(port: number, bytes: Buffer): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setTimeout(WAITS_MS, () => socket.destroy());
  socket.write(bytes);
  return await readAnswer(socket);
}
