import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listeningOn } from '../../support/listening-on.ts';

/** The settings of a CouchDB over HTTP, as a real one answers about them (seen with 3.5), and nothing else of it. */
export interface ConfigServer {
  /** With credentials. */
  readonly url: string;
  /** Settings that are there, as `section/key`. */
  readonly settings: Map<string, string>;
  /** Values of `x-couch-persist` that came with writes. */
  readonly persisted: (string | undefined)[];
  /** Settings that are refused. */
  readonly refused: Set<string>;
  close(): Promise<void>;
}

const UNSET = { error: 'not_found', reason: 'unknown_config_value' };

export async function startConfigServer(): Promise<ConfigServer> {
  const settings = new Map<string, string>();
  const persisted: (string | undefined)[] = [];
  const refused = new Set<string>();
  const server = createServer(async (request, response) => {
    const name = (request.url ?? '').replace('/_node/_local/_config/', '');
    const before = settings.get(name);
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
    if (request.method !== 'GET') persisted.push(request.headers['x-couch-persist']?.toString());
    if (request.method === 'PUT') {
      if (refused.has(name)) return answer(403, { error: 'forbidden', reason: 'not this one' });
      settings.set(name, String(JSON.parse(await text(request))));
      return answer(200, before ?? '');
    }
    if (before === undefined) return answer(404, UNSET);
    if (request.method === 'DELETE') settings.delete(name);
    return answer(200, before);
  });
  const port = await listeningOn(server);
  return {
    url: `http://admin:secret@127.0.0.1:${port}`,
    settings,
    persisted,
    refused,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
