import { createServer } from 'node:http';
import type { Cloudery, CommonSettings } from '../../src/config/config.ts';
import { listeningOn } from './listening-on.ts';

/** A request as it came, without what is another one each time. */
export interface ToldRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** A service of common settings and a Cloudery in one, which keep what they are told. */
export interface ToldRecorder {
  readonly commonSettings: Readonly<Record<string, CommonSettings>>;
  readonly clouderies: Readonly<Record<string, Cloudery>>;
  /** What is answered instead, by the begin of a path. */
  readonly failing: Map<string, number>;
  /** What is kept of a nickname. */
  readonly kept: Map<string, Readonly<Record<string, unknown>>>;
  /** All requests since it was asked last. */
  taken(): ToldRequest[];
  close(): Promise<void>;
}

const SETTINGS = '/api/admin/user/settings';

/** Starts one, under the tokens and paths of the recorded requests of a stack (`golden/told-requests.json`). */
export async function startToldRecorder(): Promise<ToldRecorder> {
  const kept: ToldRecorder['kept'] = new Map();
  const failing = new Map<string, number>();
  let requests: ToldRequest[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const { timestamp: _, request_id: __, ...body } = text === '' ? {} : JSON.parse(text);
      requests.push({ method, url, authorization: headers.authorization ?? '', ...(text && { body }) });
      const failure = [...failing].find(([begin]) => url.startsWith(begin));
      if (failure !== undefined) {
        response.writeHead(failure[1]).end('nothing that a token-1234 should be in');
        return;
      }
      if (method === 'POST' && url === SETTINGS && kept.has(String(body['nickname']))) {
        response.writeHead(409).end();
        return;
      }
      if (method !== 'GET' && url.startsWith(SETTINGS)) kept.set(String(body['nickname']), body);
      const there = kept.get(url.slice(SETTINGS.length + 1));
      const isMissing = method === 'GET' && there === undefined;
      response.writeHead(isMissing ? 404 : 200).end(JSON.stringify(there ?? {}));
    });
  });
  const url = `http://127.0.0.1:${await listeningOn(server)}`;
  return {
    commonSettings: { default: { url: `${url}/base`, token: 'cs-token' } },
    clouderies: { default: { url: `${url}/cloudery`, token: 'cl-token' } },
    failing,
    kept,
    taken() {
      const all = requests;
      requests = [];
      return all;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
