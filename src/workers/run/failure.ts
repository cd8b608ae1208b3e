import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CouchError,
  type CouchFailureKind,
  couchFailureKind,
  isCredentialFailure,
  kindWithoutProbe,
} from '../../couchdb/errors.ts';
import type { ErrorCode } from '../../error-codes.ts';
import { type FailureKind, FleetError } from '../../errors.ts';
import { isRedisAway } from '../../redis/refusals.ts';
import { StorageError } from '../../storage/errors.ts';
import type { BreakerBoard, Target } from '../health/breaker-board.ts';

/** Code of a failure for want of Redis: the job is back in the queue as soon as Redis answers. */
export const REDIS_AWAY = 'redis_away';

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
  /** This host, where the job waits for what this worker has not; no heartbeat tells of that. */
  readonly waitsOn?: string;
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

/** An outage as its row and its job tell it: what has no breaker is told by nobody else, and may be there for another worker. */
export function outageHere(failure: Failure): Failure {
  const isWatched = failure.target !== undefined || failure.code === REDIS_AWAY;
  return isWatched ? failure : { ...failure, waitsOn: hostname() };
}

/** A server that is going down still answers for a moment; its state is asked after this time, in milliseconds. */
const GOING_DOWN_MS = 250;

/** How a failure is to be treated, after a look at its target where only that can tell whether it is away. */
export async function probedKind(
  { kind, target }: Failure,
  board: Pick<BreakerBoard, 'isAway'>,
): Promise<FailureKind> {
  switch (kind) {
    case 'final':
    case 'overload':
    case 'outage':
      return kind;
    case 'retry':
    case 'unknown':
    case 'intercepted':
      if (target === undefined) return kindWithoutProbe(kind);
      await sleep(GOING_DOWN_MS);
      return (await board.isAway(target)) ? 'outage' : kindWithoutProbe(kind);
  }
}

/** What a proxy answered has a code of its own: its number is not CouchDB's. */
function codeOf({ status, foreignStatus }: CouchError): ErrorCode {
  if (foreignStatus !== undefined) return 'couchdb_intercepted';
  return status === undefined ? 'couchdb' : `couchdb_${status}`;
}
