import * as http from 'node:http';
import { pipeline } from 'node:stream/promises';
import { listeningOn } from './listening-on.ts';

/** A CouchDB whose clock is another one. */
export interface ApartCouch {
  /** With the credentials of the server behind it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Passes everything on to a CouchDB, and lets it say another time. @param ahead milliseconds by which it is ahead of ours */
export async function startApartCouch(target: string, ahead: number): Promise<ApartCouch> {
  const { hostname, port, username, password } = new URL(target);
  const agent = new http.Agent();
  const server = http.createServer((request, response) => {
    const { method, url: path, headers } = request;
    const passed = http.request({ agent, hostname, port, method, path, headers }, (answer) => {
      const date = new Date(Date.now() + ahead).toUTCString();
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
      pipeline(answer, response).catch(() => response.destroy());
    });
    passed.on('error', () => response.destroy());
    pipeline(request, passed).catch(() => response.destroy());
  });
  const url = new URL(`http://127.0.0.1:${await listeningOn(server)}`);
  url.username = username;
  url.password = password;
  return {
    url: url.href,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
      });
      agent.destroy();
    },
  };
}
