import pLimit from 'p-limit';
import * as z from 'zod';
import { type AnswerResult, databaseNames, type ExpectedAnswer, noAnswer, readExchange } from './answers.ts';
import type { Guard } from './documents.ts';
import { type CouchAnswer, CouchError, heldAnswer, isCredentialFailure } from './errors.ts';
import { PROBE_TIMEOUT_MS, probeSignal } from './health.ts';
import {
  createLoginGate,
  type LoginBook,
  type LoginGate,
  LoginHeld,
  type LoginOutcome,
} from './login-gate.ts';
import type { SilenceWatch } from './silence-watch.ts';
import type { Exchange, Method, Transport } from './transport.ts';
import { tryAgain } from './try-again.ts';

/** How long an answer to a login is waited for, in milliseconds. */
const LOGIN_TIMEOUT_MS = 5_000;

/** A request to CouchDB, and what its answer has to be. */
export interface CouchRequest<T> {
  readonly method: Method;
  readonly path: string;
  /** For messages: what is done. */
  readonly what: string;
  readonly body?: unknown;
  /** What the answer has to be. */
  readonly expected: ExpectedAnswer<T>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte from the server, where a read is to have others than usual. */
  readonly timeoutMs?: number;
  readonly guard?: Guard | undefined;
}

/** What a refusal means that is an answer too; undefined = it is an error. */
export type Meaning<T> = (refused: CouchAnswer) => { readonly value: T } | undefined;

/** Sends requests to one CouchDB, and takes their answers for what they are. */
export interface CouchRequests {
  /** Sends a request again after what passes by itself. */
  read<T, Other = never>(request: CouchRequest<T>, meaning?: Meaning<Other>): Promise<T | Other>;
  /** Sends a request once: after an error, it may have gone through. */
  write<T, Other = never>(request: CouchRequest<T>, meaning?: Meaning<Other>): Promise<T | Other>;
  /** Sends a read once, for who asks again by itself. */
  once<T>(request: CouchRequest<T>): Promise<T>;
  /** Whether our user and password are accepted by now; they are tried only when it is time for it. */
  isLetIn(signal?: AbortSignal): Promise<boolean>;
  /** Logs in ahead of requests that come in a moment, where it is time for a login: what fails here is met by them. */
  logInAhead(signal?: AbortSignal): Promise<void>;
  readonly gate: LoginGate;
}

export interface CouchRequestsOptions {
  /** Host and port, for messages. */
  readonly host: string;
  readonly transport: Transport;
  /** Most requests under way at a time. */
  readonly connections: number;
  /** Milliseconds without a byte from the server before a write is given up. */
  readonly timeout: number;
  /** Milliseconds without a byte from the server before a read, or a login, is given up. */
  readonly readTimeout: number;
  readonly book: LoginBook;
  /** Ends what waits for nothing; absent = it is waited for. */
  readonly silence?: SilenceWatch | undefined;
}

/** All requests but those of the health probe go through here, behind one gate. */
export function createCouchRequests(options: CouchRequestsOptions): CouchRequests {
  const { host, transport, connections, timeout, readTimeout, book, silence } = options;
  const limit = pLimit(connections);
  const gate = createLoginGate({ book, logIn });

  /** Needs nothing but user and password, and costs CouchDB next to nothing. */
  async function logIn(signal?: AbortSignal): Promise<LoginOutcome> {
    try {
      const timeoutMs = Math.min(LOGIN_TIMEOUT_MS, readTimeout);
      return loginOutcome(await transport.send('GET', '/_session', timeoutMs, undefined, signal));
    } catch {
      signal?.throwIfAborted();
      return 'unknown';
    }
  }

  /** Waits until our user and password may be used. */
  async function enter(what: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await gate.enter(signal);
    } catch (thrown) {
      throw thrown instanceof LoginHeld ? new CouchError(host, what, heldAnswer(thrown.nextTry)) : thrown;
    }
  }

  /** Learns from an answer whether we are still let in; adds to a refusal when we try again. */
  async function learn<T>(reading: AnswerResult<T>, sentAt: number): Promise<AnswerResult<T>> {
    if ('value' in reading) {
      gate.accepted();
      return reading;
    }
    // A proxy's 401 may stand for one of CouchDB: a login of its own shows it.
    if (reading.refused.foreignStatus === 401) gate.doubt();
    if (!isCredentialFailure(reading.refused)) return reading;
    await gate.refused(performance.now() - sentAt);
    return { refused: { ...reading.refused, nextTry: gate.nextTry } };
  }

  /** One try, as it was answered; what is no answer of CouchDB is thrown. */
  async function attempt<T>(request: CouchRequest<T>, timeoutMs: number): Promise<AnswerResult<T>> {
    const { method, path, what, body, expected, signal, guard } = request;
    const reading = await limit(async () => {
      if (!gate.isOpen) await enter(what, signal);
      signal?.throwIfAborted();
      guard?.();
      const sentAt = performance.now();
      const exchange = await transport
        .send(method, path, timeoutMs, body, signal)
        .catch((thrown: unknown) => {
          signal?.throwIfAborted();
          throw new CouchError(host, what, noAnswer(thrown));
        });
      return await learn(readExchange(exchange, expected), sentAt);
    });
    if ('refused' in reading && reading.refused.foreignStatus !== undefined) {
      throw new CouchError(host, what, reading.refused);
    }
    return reading;
  }

  function takeAnswer<T, Other>(reading: AnswerResult<T>, what: string, meaning: Meaning<Other>): T | Other {
    if ('value' in reading) return reading.value;
    const meant = meaning(reading.refused);
    if (meant === undefined) throw new CouchError(host, what, reading.refused);
    return meant.value;
  }

  async function isLetIn(signal?: AbortSignal): Promise<boolean> {
    const ends = probeSignal(signal);
    try {
      await gate.again(ends);
      const sentAt = performance.now();
      const found = await transport.send('GET', '/_all_dbs?limit=1', PROBE_TIMEOUT_MS, undefined, ends);
      return 'value' in (await learn(readExchange(found, databaseNames('')), sentAt));
    } catch {
      signal?.throwIfAborted();
      return false;
    }
  }

  /** Gives a request up, with all its tries, where nothing is there that would answer. */
  async function unlessSilent<T, Result>(
    request: CouchRequest<T>,
    send: (request: CouchRequest<T>) => Promise<Result>,
  ): Promise<Result> {
    if (silence === undefined) return await send(request);
    const failure = () => new CouchError(host, request.what, noAnswer(new Error('nothing is answered')));
    return await silence.run((signal) => send({ ...request, signal }), failure, request.signal);
  }

  return {
    gate,
    isLetIn,
    logInAhead: (signal) => gate.enter(signal).catch(() => undefined),
    async read(wanted, meaning = () => undefined) {
      return await unlessSilent(wanted, (request) => {
        const { what, signal, timeoutMs = readTimeout } = request;
        return tryAgain(async () => takeAnswer(await attempt(request, timeoutMs), what, meaning), signal);
      });
    },
    async once(request) {
      const { what, timeoutMs = readTimeout } = request;
      return takeAnswer(await attempt(request, timeoutMs), what, () => undefined);
    },
    async write(wanted, meaning = () => undefined) {
      return await unlessSilent(wanted, async (request) =>
        takeAnswer(await attempt(request, timeout), request.what, meaning),
      );
    },
  };
}

/** CouchDB greets also a client that it does not know, but without a name. */
const session = { schema: z.object({ ok: z.literal(true), userCtx: z.object({ name: z.string() }) }) };

/** What an answer to `GET /_session` says about our user and password, in CouchDB's own words only. */
export function loginOutcome(exchange: Exchange): LoginOutcome {
  const reading = readExchange(exchange, session);
  if ('value' in reading) return 'accepted';
  return isCredentialFailure(reading.refused) ? 'refused' : 'unknown';
}
