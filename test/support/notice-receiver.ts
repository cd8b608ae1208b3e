import { createServer, type IncomingHttpHeaders } from 'node:http';
import { listeningOn } from './listening-on.ts';

/** A notice as it came. */
export interface ReceivedNotice {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that notices are sent to. */
export interface NoticeReceiver {
  /** Without path. */
  readonly url: string;
  /** All that came, in order. */
  readonly received: readonly ReceivedNotice[];
  /** Status of the answers that follow. */
  answerWith(status: number): void;
  close(): Promise<void>;
}

export async function startNoticeReceiver(): Promise<NoticeReceiver> {
  const received: ReceivedNotice[] = [];
  let status = 204;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
  });
  const port = await listeningOn(server);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answerWith(wanted) {
      status = wanted;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
