import * as http from 'node:http';
import { testPort } from './test-port.ts';

/** An answer that is not the server's. */
interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Record<string, string>;
}

const HTML = '<html><head><title>Sign in</title></head><body>Please sign in to the network</body></html>';

function page(status: number, headers: Record<string, string> = {}): Page {
  return { status, type: 'text/html', text: HTML, headers };
}

function json(status: number, text: string): Page {
  return { status, type: 'application/json', text };
}

function later(status: number): Page {
  return { status, type: 'text/plain', text: 'later', headers: { 'retry-after': '0' } };
}

/** What proxies and other servers answer in the place of CouchDB, after it has done what was asked. */
const PAGES = {
  'empty body': json(200, ''),
  'HTML 200': page(200),
  'JSON of another shape': json(200, '{"status":"up","rows":7,"docs":{},"results":null,"ok":"yes"}'),
  'JSON null': json(200, 'null'),
  '404 text/plain': { status: 404, type: 'text/plain', text: 'no such service' },
  '404 JSON of another server': json(404, '{"status":404,"error":"Not Found","path":"/"}'),
  '401 HTML': page(401, { 'www-authenticate': 'Basic realm="proxy"' }),
  '403 HTML': page(403),
  '302': page(302, { location: 'http://127.0.0.1:9/login' }),
  '408': later(408),
  '421': later(421),
  '423': later(423),
  '425': later(425),
  '429': later(429),
  '502 HTML': page(502),
  /** CouchDB's own words, from a node that lags behind the others. */
  'no database yet': json(404, '{"error":"not_found","reason":"Database does not exist."}'),
  'empty list': json(200, '[]'),
  '503 JSON of another server': json(503, '{"message":"no healthy upstream"}'),
} satisfies Record<string, Page>;

/** What becomes of the bytes themselves. */
const CUTS = [
  'cut body',
  'half a body, said to be whole',
  'reset before',
  'reset after',
  'stall',
  'stall in the middle',
] as const;

/** What a proxy, or the network, makes of an exchange. */
export type Fault = keyof typeof PAGES | (typeof CUTS)[number];

/** What looks like CouchDB's own answer, so that no client can tell by the answer alone. */
const PLAUSIBLE: ReadonlySet<Fault> = new Set<Fault>(['no database yet', 'empty list']);

/** All that cannot be CouchDB's answer, for tables. */
export const FAULTS: readonly Fault[] = [
  ...CUTS,
  ...Object.keys(PAGES)
    .filter(isPage)
    .filter((name) => !PLAUSIBLE.has(name)),
];

function isPage(name: string): name is keyof typeof PAGES {
  return name in PAGES;
}

/** A request as it came to the proxy. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface FaultyProxy {
  readonly host: string;
  /** The server behind it, with credentials. */
  target: string;
  /** Itself, with the credentials of the server behind it. */
  readonly url: string;
  /** Every request that came, in order. */
  readonly seen: readonly Seen[];
  /** Decides for each request; undefined = it is passed on. */
  rule: (request: Seen) => Fault | undefined;
  close(): Promise<void>;
}

/**
 * Stands between a client and a CouchDB, and passes everything on, or not.
 * @param target may be set later, where its server starts later
 */
export async function startFaultyProxy(target = ''): Promise<FaultyProxy> {
  const agent = new http.Agent({ keepAlive: true });
  const seen: Seen[] = [];
  const hung = new Set<http.ServerResponse>();
  let rule: FaultyProxy['rule'] = () => undefined;

  const server = http.createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    const body = await readAll(request);
    const met = { method, path, body: body.toString() };
    seen.push(met);
    const fault = rule(met);
    if (fault === 'reset before') {
      request.socket.destroy();
    } else if (fault === 'stall') {
      hung.add(response);
    } else {
      const answer = await pass(request, body);
      if (fault === undefined) response.writeHead(answer.status, answer.headers).end(answer.body);
      else spoil(fault, answer, response, hung);
    }
  }

  function pass(request: http.IncomingMessage, body: Buffer): Promise<Answer> {
    const { method, url: path, headers } = request;
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(target);
      const passed = http.request({ agent, hostname, port, method, path, headers }, (answer) => {
        readAll(answer).then((raw) => {
          const { 'content-type': type = '' } = answer.headers;
          resolve({ status: answer.statusCode ?? 0, headers: { 'content-type': type }, body: raw });
        }, reject);
      });
      passed.on('error', reject);
      passed.end(body);
    });
  }

  const port = await testPort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${port}`,
    seen,
    get target() {
      return target;
    },
    set target(next) {
      target = next;
    },
    get url() {
      const url = new URL(target);
      url.host = `127.0.0.1:${port}`;
      return url.href.replace(/\/$/, '');
    },
    get rule() {
      return rule;
    },
    set rule(next) {
      rule = next;
    },
    async close() {
      for (const response of hung) response.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** What comes instead of an answer that the server has given. */
function spoil(
  fault: Exclude<Fault, 'reset before' | 'stall'>,
  { status, headers, body }: Answer,
  response: http.ServerResponse,
  hung: Set<http.ServerResponse>,
): void {
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault) {
    case 'cut body':
      response.writeHead(status, { ...headers, 'content-length': body.length });
      response.write(half, () => response.socket?.destroy());
      break;
    case 'half a body, said to be whole':
      response.writeHead(status, { ...headers, 'content-length': half.length }).end(half);
      break;
    case 'reset after':
      response.socket?.destroy();
      break;
    case 'stall in the middle':
      response.writeHead(status, { ...headers, 'content-length': body.length }).write(half);
      hung.add(response);
      break;
    default: {
      const { status: said, type, text, headers: more }: Page = PAGES[fault];
      response.writeHead(said, { 'content-type': type, ...more }).end(text);
    }
  }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
