import { randomBytes } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { createProxyServer } from 'http-proxy-3';
import { clientBehind, trustedBy } from '../http/client-of.ts';
import { keepChunked } from '../http/keep-chunked.ts';
import { answerRaw, answerWith, answerWithoutUpgrade } from '../http/raw-answer.ts';
import { answerStatus, RETRY_AFTER_SECONDS } from '../pages/answer-status.ts';
import { answerFor, isKeptFromStack } from './answer-for.ts';
import { forwardHeaders, isLoop, settleAnswer } from './forward-headers.ts';
import type { HostJudge, JudgedHost } from './host-judge.ts';

export interface UpstreamOptions {
  /** Public port of a stack, without trailing slash. */
  readonly origin: string;
  readonly judge: HostJudge;
  /** Addresses and networks whose word about a client is taken. */
  readonly trustedProxies: readonly string[];
}

/** Connections to the stack that are kept without use, and for how many milliseconds. */
const KEPT = { maxFreeSockets: 64, timeout: 30_000 };

/** Milliseconds within which the stack must take a connection; an answer may take as long as it needs. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Has a stack answer whatever is not kept from it: bodies and answers are streams, without a limit of size or time, and
 * nothing of ours is in them. So it comes before everything else that a server does with a request.
 */
export function registerUpstream(
  app: FastifyInstance,
  { origin, judge, trustedProxies }: UpstreamOptions,
): void {
  const pseudonym = `cozy-fleet-${randomBytes(6).toString('hex')}`;
  const trusts = trustedBy(trustedProxies);
  const agent = new (origin.startsWith('https:') ? HttpsAgent : HttpAgent)({ keepAlive: true, ...KEPT });
  const sockets = new Set<Socket>();
  const piped = new WeakSet<Socket>();
  // The target as it came: decoding and joining it anew would make it another one.
  const proxy = createProxyServer({ target: origin, toProxy: true, xfwd: false });

  keepChunked(proxy);
  proxy.on('proxyReq', (outgoing, _request, _answer, _options, socket) => {
    if (!socket.connecting) return;
    const late = setTimeout(() => outgoing.destroy(new Error('no connection')), CONNECT_TIMEOUT_MS);
    const settled = () => clearTimeout(late);
    socket.once('connect', settled).once('close', settled);
  });
  proxy.on('proxyRes', (incoming, request, answer) => {
    settleAnswer(incoming, keepsOpen(request));
    // Half an answer must not look like a whole one.
    incoming.once('error', () => answer.destroy());
  });
  proxy.on('proxyReqWs', (outgoing, _request, socket) => {
    outgoing.once('upgrade', () => piped.add(socket));
    outgoing.once('response', (incoming) => incoming.once('error', () => socket.destroy()));
  });
  // Whoever has gone is told nothing.
  proxy.on('econnreset', () => undefined);
  proxy.on('error', (_error, _request, answer) => {
    if (answer instanceof Socket) answer.destroy();
  });

  /** Makes a request the one that goes on. */
  function prepare(request: IncomingMessage, target: string, upgrades: boolean): void {
    request.headers = forwardHeaders(request, { client: clientBehind(request, trusts), pseudonym, upgrades });
    request.url = target;
  }

  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    if (isKeptFromStack(judge.judge(raw))) {
      done();
      return;
    }
    reply.hijack();
    if (isLoop(raw, pseudonym)) {
      answerWith(reply.raw, 508);
      return;
    }
    prepare(raw, request.originalUrl, false);
    proxy.web(raw, reply.raw, { agent }, () => answerWith(reply.raw, 503, RETRY_AFTER_SECONDS));
  });

  function pipe(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const status = refusal(judge.judge(request)) ?? (isLoop(request, pseudonym) ? 508 : undefined);
    if (status !== undefined) {
      answerRaw(socket, status, status === 503 ? RETRY_AFTER_SECONDS : undefined);
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    prepare(request, request.url ?? '/', true);
    proxy.ws(request, socket, head, {}, () => {
      // What is a web socket already understands no HTTP.
      if (piped.has(socket)) socket.destroy();
      else answerRaw(socket, 503, RETRY_AFTER_SECONDS);
    });
  }

  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!(socket instanceof Socket)) socket.destroy();
    else if (isWebSocket(request)) pipe(request, socket, head);
    else answerWithoutUpgrade(app.server, request, socket);
  });

  // Web sockets are no connections of the server any more, but it waits for them.
  app.addHook('preClose', async () => {
    for (const socket of sockets) socket.destroy();
  });
  app.addHook('onClose', async () => agent.destroy());
}

/** The status with which a web socket is refused for its host; undefined = it is not. */
function refusal(judged: JudgedHost): number | undefined {
  if (!isKeptFromStack(judged)) return undefined;
  return judged.kind === 'bad' ? 400 : answerStatus(answerFor(judged));
}

function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Whether the client's connection is to stay, by what it has said itself. */
function keepsOpen({ httpVersion, headersDistinct }: IncomingMessage): boolean {
  const wishes = (headersDistinct['connection'] ?? []).join(',').toLowerCase();
  return httpVersion === '1.1' ? !wishes.includes('close') : wishes.includes('keep-alive');
}
