import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { OPERATOR_AUTHORIZATION } from './web.ts';

/** One event as a browser would get it. */
export interface ReadEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** A client of server-sent events. */
export interface EventReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** All that came so far. */
  readonly events: readonly ReadEvent[];
  readonly comments: number;
  readonly isClosed: boolean;
  /** Reads nothing more, without leaving. */
  pause(): void;
  leave(): void;
}

/** Opens a stream as the operator, and answers once its head is there. */
export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  let asked: ClientRequest | undefined;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked = request(url, { headers: { authorization: OPERATOR_AUTHORIZATION, ...headers }, agent: false });
    asked.once('response', resolve).once('error', reject).end();
  });
  asked?.on('error', () => undefined);
  const events: ReadEvent[] = [];
  let comments = 0;
  let isClosed = false;
  let rest = '';
  answer.on('error', () => undefined);
  answer.once('close', () => {
    isClosed = true;
  });
  answer.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) comments += 1;
      const fields = new Map(block.split('\n').map((line) => splitField(line)));
      const event = fields.get('event');
      if (event === undefined) continue;
      events.push({ event, id: fields.get('id') ?? '', data: JSON.parse(fields.get('data') ?? 'null') });
    }
  });
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    events,
    get comments() {
      return comments;
    },
    get isClosed() {
      return isClosed;
    },
    pause: () => void answer.pause(),
    leave: () => void asked?.destroy(),
  };
}

function splitField(line: string): [name: string, value: string] {
  const at = line.indexOf(': ');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 2)];
}
