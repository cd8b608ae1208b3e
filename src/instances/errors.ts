import type { RefusalCode } from '../error-codes.ts';
import { FleetError } from '../errors.ts';

/** A refusal that no retry changes; nothing of anybody else's was touched. */
export class Refusal extends FleetError {
  constructor(code: RefusalCode, message: string, advice = '') {
    super(code, message, advice);
  }
}
