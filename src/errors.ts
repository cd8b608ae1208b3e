import type { ErrorCode, InputErrorCode } from './error-codes.ts';

/**
 * How a failure is to be treated (`ARCHITECTURE.md` §4.1):
 * `final` at once, `retry` with backoff, `overload` later and slower without spending a try,
 * `outage` when the server is back, without spending a try.
 */
export type FailureKind = 'final' | 'retry' | 'overload' | 'outage';

export interface FleetErrorOptions extends ErrorOptions {
  /** `final` unless told otherwise. */
  readonly kind?: FailureKind;
}

/**
 * An error an operator is meant to read: what happened, and in `advice` what to do next.
 * Neither text may contain a secret: both go to logs and to Redis.
 */
export class FleetError extends Error {
  /** Short, stable, for machines: `taken`, `illegal_domain`, … */
  readonly code: ErrorCode;
  /** What the operator can do next, or an empty string. */
  readonly advice: string;
  /** Whether, and when, a job that met it is tried again. */
  readonly kind: FailureKind;

  constructor(code: ErrorCode, message: string, advice = '', options: FleetErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.advice = advice;
    this.kind = options.kind ?? 'final';
  }
}

/** Something that may be otherwise a moment later: the same work is tried again. */
export class PassingError extends FleetError {
  constructor(code: ErrorCode, message: string, advice = '') {
    super(code, message, advice, { kind: 'retry' });
  }
}

/** Where in the operator's input something is wrong; each part is named when it is known. */
export interface Place {
  readonly file?: string;
  /** Counted from 1. */
  readonly line?: number;
  /** Name of the column or flag. */
  readonly column?: string;
  /** Path of the key in the configuration, such as `couchdb.url`. */
  readonly key?: string;
}

/** Bad input: one clear sentence with its place; exit code 2, nothing changed. */
export class InputError extends FleetError {
  override readonly code: InputErrorCode;
  readonly place: Place;

  constructor(code: InputErrorCode, message: string, place: Place = {}, advice = '') {
    super(code, message, advice);
    this.code = code;
    this.place = place;
  }
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
