import { connect } from 'node:net';

/** What a server answered to a request that was sent as it was recorded. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends a request as it was recorded from a program, line by line, and reads what comes back until the connection ends.
 * @param lines of its head, without `Host` and `Connection`, which are ours
 */
export async function sendRecorded(url: string, lines: readonly string[], body = ''): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding('utf8');
  socket.write([...lines, `Host: ${hostname}:${port}`, 'Connection: close', '', body].join('\r\n'));
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  const at = text.indexOf('\r\n\r\n');
  const head = text.slice(0, at);
  return { status: Number(head.split(' ')[1]), head, body: text.slice(at + 4) };
}
