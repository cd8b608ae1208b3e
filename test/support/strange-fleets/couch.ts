import { Agent, request } from 'undici';

/** A CouchDB by its bare HTTP: what the product's own client says is not taken for granted. */
export interface BareCouch {
  /** @returns the status and the answer; anything but JSON is an error */
  ask(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  /** Names of all databases but CouchDB's own. */
  databases(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** @param server its origin, and the header that lets us in */
export function bareCouch(server: { readonly origin: string; readonly authorization: string }): BareCouch {
  const dispatcher = new Agent({ connections: 8 });
  const ask: BareCouch['ask'] = async (method, path, content) => {
    const { statusCode, body } = await request(`${server.origin}${path}`, {
      method,
      dispatcher,
      headers: { authorization: server.authorization, 'content-type': 'application/json' },
      ...(content !== undefined && { body: JSON.stringify(content) }),
    });
    return { status: statusCode, body: await body.json() };
  };
  return {
    ask,
    async databases() {
      const { body } = await ask('GET', '/_all_dbs');
      if (!Array.isArray(body)) throw new Error(`no list of databases: ${JSON.stringify(body)}`);
      return body.map(String).filter((name) => !name.startsWith('_'));
    },
    close: () => dispatcher.close(),
  };
}
