import { CouchError, couchFailureKind } from '../../couchdb/errors.ts';
import type { ErrorCode } from '../../error-codes.ts';
import { FleetError, InputError, toError } from '../../errors.ts';
import { isRedisAway } from '../../redis/refusals.ts';

/** What a failure means to a client, whatever form its answer has. */
export interface WebFailure {
  /** HTTP status. */
  readonly status: number;
  readonly code: ErrorCode;
  /** One sentence; says nothing of the inside of the server where the failure is its own. */
  readonly message: string;
  /** What can be done, or an empty text. */
  readonly advice: string;
  /** Seconds after which it is worth asking again; only of what passes by itself. */
  readonly retryAfter?: number;
}

/** Seconds after which a server that is away may be back. */
const RETRY_AFTER_SECONDS = 5;

/** Codes of what passes: a server that does not answer, or not now, ours too. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'couchdb_unreachable',
  'couchdb_intercepted',
  'couchdb_refused',
  'couchdb_tls',
  'redis_unreachable',
  'redis_away',
  'redis_replica',
  'redis_login',
  'redis_forbidden',
  'redis_tls',
  'stack_redis_away',
  'stack_busy',
  'lookup_lags',
  'lost_names',
  'interrupted',
  'server_busy',
]);

/** Codes whose status says more than that of their kind. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  bad_skeleton: 500,
  no_credentials: 401,
  wrong_admin_passphrase: 403,
  foreign_request: 403,
  not_found: 404,
  unknown_batch: 404,
  unknown_job: 404,
  unknown_worker: 404,
  no_instances: 404,
  no_report: 404,
  too_large: 413,
  key_reused: 422,
  invalid_rows: 422,
  too_many_attempts: 429,
};

/** Seconds after which it is worth asking again, of what passes by itself and is no server that is away. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  // Wrong passphrases are forgotten by then (`auth/open-operator-check.ts`).
  too_many_attempts: 60,
};

/** Codes of mistakes of ours or in how we are set up; every other one is a refusal, and says what is in the way. */
const INTERNAL: ReadonlySet<ErrorCode> = new Set([
  'internal',
  'unknown',
  'bad_record',
  'bad_fleet_record',
  'bad_admin_passphrase',
  'no_admin_passphrase',
  'redis',
  'storage',
  'wrong_fleet',
]);

/** Codes by which `@fastify/csrf-protection` refuses a form. */
const LACKS_TOKEN: ReadonlySet<unknown> = new Set(['FST_CSRF_MISSING_SECRET', 'FST_CSRF_INVALID_TOKEN']);

/** Judges what was thrown while a request was answered. */
export function webFailure(thrown: unknown): WebFailure {
  const error = toError(thrown);
  if (error instanceof CouchError) return couchFailure(error);
  if (isRedisAway(error)) return away('redis_unreachable', 'Redis does not answer');
  if (error instanceof FleetError) return fleetFailure(error);
  if ('code' in error && LACKS_TOKEN.has(error.code)) return fleetFailure(staleForm());
  const status = statusOf(error);
  if (status === undefined) return internal();
  return { status, code: 'bad_request', message: error.message, advice: '' };
}

function fleetFailure(error: FleetError): WebFailure {
  const { code, message, advice } = error;
  if (AWAY.has(code)) return away(code, message);
  if (INTERNAL.has(code)) return internal();
  const status = STATUSES[code] ?? (error instanceof InputError ? 400 : 409);
  const retryAfter = RETRY_AFTER[code];
  return { status, code, message, advice, ...(retryAfter !== undefined && { retryAfter }) };
}

/** A document that is missing is never told by its database's name. */
function couchFailure(error: CouchError): WebFailure {
  if (couchFailureKind(error) === 'final') return internal();
  return away('couchdb_unreachable', 'CouchDB does not answer');
}

function away(code: ErrorCode, message: string): WebFailure {
  return { status: 503, code, message, advice: '', retryAfter: RETRY_AFTER_SECONDS };
}

function internal(): WebFailure {
  return {
    status: 500,
    code: 'internal',
    message: 'The server made a mistake; its log has more',
    advice: '',
  };
}

function staleForm(): FleetError {
  return new FleetError(
    'foreign_request',
    'The form was not sent by a page that this session was given',
    'Open its page again, and send it from there.',
  );
}

/** The status that the framework gives to a request that it refuses itself. */
function statusOf(error: Error): number | undefined {
  if (!('statusCode' in error) || typeof error.statusCode !== 'number') return undefined;
  return error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : undefined;
}
