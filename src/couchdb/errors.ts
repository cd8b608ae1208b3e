import { type FailureKind, FleetError } from '../errors.ts';
import type { TlsFault } from './tls-fault.ts';

/** What came back for a request to CouchDB, when it was not what was asked for. */
export interface CouchAnswer {
  /** HTTP status of an answer of CouchDB's own; undefined when there was none. */
  readonly status: number | undefined;
  /** CouchDB's `error` field, such as `conflict`. */
  readonly error: string;
  /** CouchDB's `reason` field, or what came instead of an answer. */
  readonly reason: string;
  /** HTTP status of an answer that cannot be CouchDB's: a proxy's page, half a body, JSON of another shape. */
  readonly foreignStatus?: number | undefined;
  /** Milliseconds for which the server wants no further request. */
  readonly retryAfter?: number | undefined;
  /** Why there was no answer, where TLS was it. */
  readonly fault?: TlsFault | undefined;
  /** When our user and password are tried next, in milliseconds since 1970, where they are refused. */
  readonly nextTry?: number | undefined;
}

/**
 * A request to CouchDB that did not do what was asked. Its text names the host and the database,
 * never credentials and never a body.
 */
export class CouchError extends FleetError implements CouchAnswer {
  readonly status: number | undefined;
  readonly error: string;
  readonly reason: string;
  readonly foreignStatus: number | undefined;
  readonly retryAfter: number | undefined;
  readonly fault: TlsFault | undefined;
  readonly nextTry: number | undefined;
  /** Host and port of the server, to find the breaker it belongs to. */
  readonly host: string;

  constructor(host: string, what: string, answer: CouchAnswer) {
    super('couchdb', `${what} on ${host}: ${saidBy(answer)}`, adviceFor(answer), {
      kind: kindWithoutProbe(couchFailureKind(answer)),
    });
    this.host = host;
    this.status = answer.status;
    this.error = answer.error;
    this.reason = answer.reason;
    this.foreignStatus = answer.foreignStatus;
    this.retryAfter = answer.retryAfter;
    this.fault = answer.fault;
    this.nextTry = answer.nextTry;
  }
}

function saidBy({ status, error, reason, fault }: CouchAnswer): string {
  if (fault !== undefined) return `the server ${fault.problem}`;
  return status === undefined ? reason : `${status} ${error}: ${reason}`;
}

function adviceFor(answer: CouchAnswer): string {
  const { status, foreignStatus, fault, nextTry } = answer;
  if (fault !== undefined) return fault.advice;
  if (isCredentialFailure(answer)) {
    const next = nextTry === undefined ? '' : ` They are tried next ${atTime(nextTry)}.`;
    return `Check the user and password in couchdb.url.${next}`;
  }
  if (foreignStatus !== undefined)
    return 'Something between here and CouchDB answers for it, such as a proxy, or couchdb.url points elsewhere.';
  if (status === undefined) return 'Check that CouchDB runs and that couchdb.url points to it.';
  if (status === 403) return 'Check that the user of couchdb.url is a server administrator.';
  return '';
}

/** Texts with which an overloaded CouchDB answers 500 (`docs/faults.md` §5). */
const OVERLOAD = ['all_dbs_active', 'No DB shards could be opened'];

/** The text of CouchDB's account lockout, a 403 that passes by itself (`ARCHITECTURE.md` §4.2). */
const LOCKOUT = 'temporarily locked';

/** What CouchDB says of a view whose definition is replaced while a request waits for its index. */
const VIEW_REPLACED = 'Design document was updated or deleted.';

/** How CouchDB says that there is no such database. */
const NO_DATABASE = 'Database does not exist.';

/** What passes by itself, whether CouchDB says it or a proxy: time-outs, locks, early data. */
const PASSING: ReadonlySet<number> = new Set([408, 421, 423, 425, 429]);

/** What a proxy says of the request itself: sent again, it is refused again. */
const OF_THE_REQUEST: ReadonlySet<number> = new Set([400, 405, 411, 413, 414, 415, 417, 431, 501]);

/**
 * How a CouchDB failure is treated (`ARCHITECTURE.md` §4.1). Only a probe of `/_up` can tell more of two:
 * `unknown`, where no answer came, and `intercepted`, where another server answered in CouchDB's place.
 */
export type CouchFailureKind = FailureKind | 'unknown' | 'intercepted';

export function couchFailureKind(answer: CouchAnswer): CouchFailureKind {
  const { status, foreignStatus } = answer;
  if (isCredentialFailure(answer)) return 'outage';
  if (foreignStatus !== undefined) return OF_THE_REQUEST.has(foreignStatus) ? 'retry' : 'intercepted';
  if (status === undefined) return 'unknown';
  if (status === 429) return 'overload';
  if (status === 409 || PASSING.has(status)) return 'retry';
  // A node that does not know yet what another one has made, or one that is being restored.
  if (saysNoDatabase(answer) || passesByItself(answer)) return 'retry';
  if (status < 500) return 'final';
  const text = `${answer.error} ${answer.reason}`;
  return OVERLOAD.some((sign) => text.includes(sign)) ? 'overload' : 'retry';
}

/** What such a failure comes to where no probe finds that its server is away. */
export function kindWithoutProbe(kind: CouchFailureKind): FailureKind {
  switch (kind) {
    case 'final':
    case 'retry':
    case 'overload':
    case 'outage':
      return kind;
    case 'unknown':
      return 'retry';
    case 'intercepted':
      // What a proxy answers is not the job's fault, however often it does: later, and without spending a try.
      return 'overload';
  }
}

/** Whether the same request may be answered as asked a moment later: whoever looked first may send it again. */
export function isPassing(error: unknown): error is CouchError {
  if (!(error instanceof CouchError)) return false;
  const { status, foreignStatus, fault } = error;
  if (fault !== undefined || isCredentialFailure(error)) return false;
  if (foreignStatus !== undefined) return !OF_THE_REQUEST.has(foreignStatus);
  return status === undefined || status >= 500 || PASSING.has(status) || passesByItself(error);
}

/** Whether a status that is final otherwise says something that is over soon: a node is away, a view is new. */
function passesByItself({ status, error, reason }: CouchAnswer): boolean {
  return (status === 412 && error === 'nodedown') || (status === 404 && reason === VIEW_REPLACED);
}

/**
 * Whether the failure is CouchDB refusing our credentials, which must not be tried often
 * (`ARCHITECTURE.md` §4.2).
 */
export function isCredentialFailure({ status, reason }: CouchAnswer): boolean {
  return status === 401 || (status === 403 && reason.includes(LOCKOUT));
}

/** What a request that was not sent for the sake of the account would have been answered. */
export function heldAnswer(nextTry: number): CouchAnswer {
  return { status: 401, error: 'unauthorized', reason: 'our user or password was refused', nextTry };
}

/** A time of today, to go into a sentence, never too early. @param at milliseconds since 1970 */
export function atTime(at: number): string {
  return `at ${new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(11, 19)} UTC`;
}

/** Whether `error` is CouchDB's own answer with that HTTP status. */
export function isStatus(error: unknown, status: number): error is CouchError {
  return error instanceof CouchError && error.status === status;
}

/** Whether CouchDB itself said that there is no such database; a document that is missing is another thing. */
export function isNoDatabase(error: unknown): error is CouchError {
  return isStatus(error, 404) && saysNoDatabase(error);
}

/** Whether CouchDB itself said that there is no such document in a database that is there. */
export function isNoDocument(error: unknown): error is CouchError {
  return isStatus(error, 404) && saysNoDocument(error);
}

/** What `work` answers, or undefined where CouchDB says that there is no such database. */
export async function unlessNoDatabase<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNoDatabase(error)) return undefined;
    throw error;
  }
}

export function saysNoDatabase({ status, reason }: CouchAnswer): boolean {
  return status === 404 && reason === NO_DATABASE;
}

export function saysNoDocument({ status, reason }: CouchAnswer): boolean {
  return status === 404 && (reason === 'missing' || reason === 'deleted');
}
