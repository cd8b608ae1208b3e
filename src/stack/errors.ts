import { FleetError } from '../errors.ts';

/** Something the running stack should have done or let us do. */
export class StackError extends FleetError {}

/** The stack, or another worker, works on the same part of the instance for longer than is waited. */
export class StackBusy extends StackError {
  /** @param keeps what the lock keeps, such as `the files of the instance` */
  constructor(key: string, keeps: string, waitedMs: number) {
    super(
      'stack_busy',
      `somebody else has kept ${keeps} locked for ${waitedMs / 1000} s`,
      `It is tried again. When it lasts, see who holds ${key} in the Redis with the stack's locks.`,
      { kind: 'retry' },
    );
  }
}

/** Somebody else may work on the same part of the instance by now: stop at once. */
export class StackLockLost extends StackError {
  constructor(key: string) {
    super(
      'stack_lock_lost',
      `the lock ${key} was lost while it was needed`,
      "See that the Redis with the stack's locks is there and has memory left.",
      { kind: 'retry' },
    );
  }
}

/** The stack's Redis does not answer. */
export class StackRedisAway extends StackError {
  constructor(host: string, reason: string) {
    super(
      'stack_redis_away',
      `the stack's Redis at ${host} does not answer: ${reason}`,
      "Start it, or correct the stack's redis.addrs, jobs.url and lock.url.",
      { kind: 'outage' },
    );
  }
}

/** The stack's Redis answers with a refusal. */
export class StackRedisRefusal extends StackError {
  constructor(host: string, reason: string) {
    super(
      'stack_redis',
      `the stack's Redis at ${host} refused a command: ${reason}`,
      'Look at its memory, its role and its log, and at the password in the configuration.',
      { kind: 'retry' },
    );
  }
}

/** The server that indexes files for the AI features has not deleted what it has of the instance. */
export class RagAway extends StackError {
  constructor(host: string, reason: string) {
    super(
      'rag',
      `the RAG server at ${host} has not deleted the files of the instance: ${reason}`,
      'Check that it runs and that the rag section of the configuration points to it.',
      { kind: 'retry' },
    );
  }
}

/** A konnector ran and failed to delete an account at its provider. */
export class AccountHookFailed extends StackError {
  constructor(konnectors: readonly string[], accounts: number) {
    super(
      'account_hook',
      `the konnectors failed to delete ${accounts} of the accounts at their providers (${konnectors.join(', ')})`,
      "Look into the stack's log, then try again; or leave the accounts to their providers with --skip-accounts.",
    );
  }
}
