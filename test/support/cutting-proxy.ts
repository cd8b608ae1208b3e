import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** Stands before a CouchDB, and cuts a client off at a request of its, as its death would. */
export interface CuttingProxy {
  /** With the credentials of the server. */
  readonly url: string;
  /** Requests since the last call of `cutAt`. */
  readonly requests: number;
  /**
   * Passes on so many requests less one from now on. The one with that number is lost before the server sees it, or its
   * answer is; what comes later is refused.
   * @param onCut called at that request, once what the server had under way by then has ended
   */
  cutAt(number: number, where: 'before' | 'after', onCut: () => void): void;
  close(): Promise<void>;
}

interface Cut {
  readonly number: number;
  readonly where: 'before' | 'after';
  onCut(): void;
}

export async function startCuttingProxy(serverUrl: string): Promise<CuttingProxy> {
  const target = new URL(serverUrl);
  const agent = new Agent({ keepAlive: true });
  let requests = 0;
  let cut: Cut = { number: Number.POSITIVE_INFINITY, where: 'before', onCut: () => undefined };
  const underWay = new Set<Promise<unknown>>();

  const server = createServer((incoming, outgoing) => {
    requests += 1;
    serve(incoming, outgoing, requests).catch(() => outgoing.destroy());
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse, number: number): Promise<void> {
    if (number > cut.number) {
      outgoing.destroy();
    } else if (number === cut.number && cut.where === 'before') {
      await end(outgoing);
    } else {
      const passed = pass(incoming);
      underWay.add(passed);
      const { status, headers, body } = await passed.finally(() => underWay.delete(passed));
      if (number === cut.number) await end(outgoing);
      // Whoever is dead hears of nothing.
      else if (requests >= cut.number) outgoing.destroy();
      else outgoing.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
    }
  }

  async function end(outgoing: ServerResponse): Promise<void> {
    const { onCut } = cut;
    await Promise.allSettled([...underWay]);
    onCut();
    outgoing.destroy();
  }

  async function pass(incoming: IncomingMessage) {
    const { method, url: path, headers } = incoming;
    const { hostname, port } = target;
    const sent = request({ agent, hostname, port, method, path, headers });
    sent.end(await buffer(incoming));
    const [answer]: IncomingMessage[] = await once(sent, 'response');
    if (answer === undefined) throw new Error('no answer');
    const { 'transfer-encoding': _chunked, connection: _connection, ...kept } = answer.headers;
    return { status: answer.statusCode ?? 0, headers: kept, body: await buffer(answer) };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = new URL(serverUrl);
  url.port = String(typeof address === 'object' && address !== null ? address.port : 0);
  url.hostname = '127.0.0.1';
  return {
    url: url.href.replace(/\/$/, ''),
    get requests() {
      return requests;
    },
    cutAt(number, where, onCut) {
      requests = 0;
      cut = { number, where, onCut };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}
