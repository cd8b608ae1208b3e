/**
 * How a failure is to be treated (`ARCHITECTURE.md` §4.1):
 * `final` at once, `retry` with backoff, `overload` later and slower without spending a try,
 * `outage` when the server is back, without spending a try.
 */
export type FailureKind = 'final' | 'retry' | 'overload' | 'outage';

/**
 * An error an operator is meant to read: what happened, and in `advice` what to do next.
 * Neither text may contain a secret: both go to logs and to Redis.
 */
export class FleetError extends Error {
  /** Short, stable, for machines: `taken`, `illegal_domain`, … */
  readonly code: string;
  /** What the operator can do next, or an empty string. */
  readonly advice: string;

  constructor(code: string, message: string, advice = '', options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.advice = advice;
  }
}

/** Something that may be otherwise a moment later: whoever may do the work again tries it again. */
export class PassingError extends FleetError {}

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
  readonly place: Place;

  constructor(code: string, message: string, place: Place = {}, advice = '') {
    super(code, message, advice);
    this.place = place;
  }
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
