import { type FailureKind, FleetError } from '../errors.ts';

/** What CouchDB answered, or that it did not answer at all. */
export interface CouchAnswer {
  /** HTTP status; undefined when there was no answer (refused, reset, timed out). */
  readonly status: number | undefined;
  /** CouchDB's `error` field, such as `conflict`. */
  readonly error: string;
  /** CouchDB's `reason` field. */
  readonly reason: string;
}

/**
 * A request to CouchDB that did not do what was asked. Its text names the host and the database,
 * never credentials and never a body.
 */
export class CouchError extends FleetError implements CouchAnswer {
  readonly status: number | undefined;
  readonly error: string;
  readonly reason: string;
  /** Host and port of the server, to find the breaker it belongs to. */
  readonly host: string;

  constructor(host: string, what: string, answer: CouchAnswer) {
    const said =
      answer.status === undefined ? answer.reason : `${answer.status} ${answer.error}: ${answer.reason}`;
    super('couchdb', `${what} on ${host}: ${said}`, adviceFor(answer));
    this.host = host;
    this.status = answer.status;
    this.error = answer.error;
    this.reason = answer.reason;
  }
}

function adviceFor(answer: CouchAnswer): string {
  if (answer.status === undefined) return 'Check that CouchDB runs and that couchdb.url points to it.';
  if (answer.status === 401) return 'Check the user and password in couchdb.url.';
  if (answer.status === 403) return 'Check that the user of couchdb.url is a server administrator.';
  return '';
}

/** Texts with which an overloaded CouchDB answers 500 (`field-notes.md` §5). */
const OVERLOAD = ['all_dbs_active', 'No DB shards could be opened'];

/** The text of CouchDB's account lockout, a 403 that passes by itself (design §4). */
const LOCKOUT = 'temporarily locked';

/** How a CouchDB failure is treated; `unsettled` means that only a probe of `/_up` can tell (design §4). */
export function couchFailureKind(answer: CouchAnswer): FailureKind | 'unsettled' {
  const { status } = answer;
  if (status === undefined) return 'unsettled';
  if (status === 401) return 'outage';
  if (status === 403) return answer.reason.includes(LOCKOUT) ? 'outage' : 'final';
  if (status === 429) return 'overload';
  if (status === 409) return 'retry';
  if (status < 500) return 'final';
  const text = `${answer.error} ${answer.reason}`;
  return OVERLOAD.some((sign) => text.includes(sign)) ? 'overload' : 'retry';
}

/** Whether the failure is CouchDB refusing our credentials, which must not be tried often (design §4). */
export function isCredentialFailure(answer: CouchAnswer): boolean {
  return answer.status === 401 || (answer.status === 403 && answer.reason.includes(LOCKOUT));
}

/** Whether `error` is CouchDB's answer with that HTTP status. */
export function isStatus(error: unknown, status: number): error is CouchError {
  return error instanceof CouchError && error.status === status;
}
