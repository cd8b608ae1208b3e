import type { RefusalCode } from '../error-codes.ts';
import { FleetError } from '../errors.ts';

/** A refusal that no retry changes; nothing of anybody else's was touched. */
export class Refusal extends FleetError {
  constructor(code: RefusalCode, message: string, advice = '') {
    super(code, message, advice);
  }
}

/** @param advice what can be done about it, which depends on what was to be done to the instance */
export function beingDeleted(domain: string, advice = ''): Refusal {
  return new Refusal('deleting', `${domain} is being deleted, or its deletion has stopped half-way`, advice);
}
