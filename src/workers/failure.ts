import {
  CouchError,
  type CouchFailureKind,
  couchFailureKind,
  isCredentialFailure,
} from '../couchdb/errors.ts';
import type { ErrorCode } from '../error-codes.ts';
import { FleetError } from '../errors.ts';
import { isRedisAway } from '../redis/refusals.ts';
import { StorageError } from '../storage/errors.ts';

/** Code of a failure for want of Redis: the job is back in the queue as soon as that can be told to it. */
export const REDIS_AWAY = 'redis_away';

/** Where a failure comes from, to find the breaker that answers for it. */
export type Target = { readonly kind: 'couchdb'; readonly host: string } | { readonly kind: 'storage' };

/** What is to be done about a failure (`ARCHITECTURE.md` §4.1). */
export interface Failure {
  /** Of `unknown` and `intercepted`, only a probe of the target can tell more. */
  readonly kind: CouchFailureKind;
  readonly code: ErrorCode;
  /** For the operator; without secrets. */
  readonly message: string;
  readonly advice: string;
  readonly target?: Target;
  /** CouchDB refuses our credentials: to be probed rarely. */
  readonly credentials?: boolean;
}

/** Says what an error thrown by a stage means for its job. */
export function classify(error: unknown): Failure {
  if (error instanceof FleetError) {
    const { kind, code, message, advice } = error;
    const failure = { kind, code, message, advice };
    if (error instanceof CouchError) return { ...failure, ...couchFailure(error) };
    if (error instanceof StorageError) return { ...failure, target: { kind: 'storage' } };
    return failure;
  }
  if (error instanceof Error && isRedisAway(error)) {
    const message = `Redis did not answer: ${error.message}`;
    return { kind: 'outage', code: REDIS_AWAY, message, advice: 'It goes on when Redis is back.' };
  }
  if (error instanceof Error && error.name === 'ReplyError') {
    const advice = 'Look at the memory, the role and the log of Redis.';
    return { kind: 'retry', code: 'redis', message: `Redis refused a command: ${error.message}`, advice };
  }
  // Not one of ours: a mistake in the program. Its text may hold anything, so only its name is kept.
  const name = error instanceof Error ? error.name : 'unknown';
  return {
    kind: 'final',
    code: 'internal',
    message: `internal error (${name}); the worker's log has more`,
    advice: 'Please report it with the lines of the log around it.',
  };
}

function couchFailure(error: CouchError): Pick<Failure, 'kind' | 'code' | 'target' | 'credentials'> {
  return {
    kind: couchFailureKind(error),
    code: codeOf(error),
    target: { kind: 'couchdb', host: error.host },
    credentials: isCredentialFailure(error),
  };
}

/** What a proxy answered has a code of its own: its number is not CouchDB's. */
function codeOf({ status, foreignStatus }: CouchError): ErrorCode {
  if (foreignStatus !== undefined) return 'couchdb_intercepted';
  return status === undefined ? 'couchdb' : `couchdb_${status}`;
}
