import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** Answers one path; one that never ends its response is a server that hangs. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server of the test's own. */
export interface WebServer {
  /** Without trailing slash. */
  readonly url: string;
  /** Paths that were asked for, in their order. */
  readonly asked: string[];
  /** By path; any other path is a 404 as a registry says it. */
  readonly routes: Map<string, Route>;
  close(): Promise<void>;
}

/** @param port of its own, or any free one */
export async function startWebServer(port = 0): Promise<WebServer> {
  const routes = new Map<string, Route>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const route = routes.get(path) ?? notFound;
    route(request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    routes,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function status(code: number): Route {
  return (_, response) => response.writeHead(code).end();
}

/** As a registry says that it has no such thing (cozy-apps-registry, `web/router.go`, `httpErrorHandler`). */
export const notFound: Route = (_, response) =>
  response
    .writeHead(404, { 'content-type': 'application/json; charset=UTF-8' })
    .end(`${JSON.stringify({ error: 'Application was not found' })}\n`);

export function redirect(location: string): Route {
  return (_, response) => response.writeHead(302, { location }).end();
}

export function json(value: unknown): Route {
  return (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function bytes(content: Buffer, type = 'application/gzip'): Route {
  return (_, response) => response.writeHead(200, { 'content-type': type }).end(content);
}

/** Takes the request and says nothing. */
export const silence: Route = () => undefined;
