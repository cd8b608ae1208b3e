import { AppError } from '../apps/errors.ts';
import { CouchError, couchFailureKind, isCredentialFailure } from '../couchdb/errors.ts';
import { type FailureKind, FleetError } from '../errors.ts';
import { StackError } from '../stack/errors.ts';
import { StorageError } from '../storage/errors.ts';
import { AppsMissing } from './apps/errors.ts';
import { DatabaseStuck } from './create/databases.ts';

/** Where a failure comes from, to find the breaker that answers for it. */
export type Target = { readonly kind: 'couchdb'; readonly host: string } | { readonly kind: 'storage' };

/** What is to be done about a failure (design §4). */
export interface Failure {
  /** `unsettled`: only a probe of the target can tell an outage from a hiccup. */
  readonly kind: FailureKind | 'unsettled';
  /** For lists and counts: short and stable. */
  readonly code: string;
  /** For the operator; without secrets. */
  readonly message: string;
  readonly advice: string;
  readonly target?: Target;
  /** CouchDB refuses our credentials: to be probed rarely. */
  readonly credentials?: boolean;
}

/** Decides what an error thrown by a stage means. */
export function judge(error: unknown): Failure {
  if (error instanceof CouchError) {
    return {
      kind: couchFailureKind(error),
      code: error.status === undefined ? 'couchdb' : `couchdb_${error.status}`,
      message: error.message,
      advice: error.advice,
      target: { kind: 'couchdb', host: error.host },
      credentials: isCredentialFailure(error),
    };
  }
  if (error instanceof StorageError) {
    const { kind, code, message, advice } = error;
    return { kind, code, message, advice, target: { kind: 'storage' } };
  }
  if (error instanceof StackError || error instanceof AppError || error instanceof AppsMissing) {
    const { kind, code, message, advice } = error;
    return { kind, code, message, advice };
  }
  if (error instanceof DatabaseStuck) {
    return { kind: 'retry', code: error.code, message: error.message, advice: error.advice };
  }
  if (error instanceof FleetError) {
    return { kind: 'final', code: error.code, message: error.message, advice: error.advice };
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
