import type { ErrorCode } from '../../error-codes.ts';
import { FleetError, InputError, type Place, toError } from '../../errors.ts';
import { InvalidOptions } from '../../instances/options/parse-options.ts';
import { oneLine } from '../../safe-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** An error as a person reads it, and the exit code that goes with it. */
export interface Explanation {
  readonly text: string;
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
}

/** Turns whatever was thrown into one clear sentence with its place, and what to do next. */
export function explainError(thrown: unknown): Explanation {
  const error = toError(thrown);
  if (isLostRedis(error)) return { text: LOST_REDIS, code: 'redis_unreachable', exitCode: EXIT.failed };
  if (!(error instanceof FleetError))
    return { text: oneLine(error.message), code: 'unknown', exitCode: EXIT.failed };
  // Options that are wrong name each their column.
  const hasPlace = error instanceof InputError && !(error instanceof InvalidOptions);
  const place = hasPlace ? placeText(error.place) : '';
  const advice = error.advice === '' ? '' : `\n${error.advice}`;
  return {
    // A name with a line break in it must not look like a line of ours; advice may have several.
    text: `${oneLine(place + error.message)}${advice}`,
    code: error.code,
    exitCode: exitCodeOf(error),
  };
}

function exitCodeOf(error: FleetError): ExitCode {
  if (error instanceof InputError) return EXIT.usage;
  return error.code === 'interrupted' ? EXIT.interrupted : EXIT.failed;
}

const LOST_REDIS = 'Redis went away while the command ran. What was queued goes on when it is back.';

/** How ioredis says that a connection was lost and not found again. */
function isLostRedis({ name, message }: Error): boolean {
  return name === 'MaxRetriesPerRequestError' || message === 'Connection is closed.';
}

function placeText({ file, line, column }: Place): string {
  const parts = [file, line, column].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `${parts.join(':')}: `;
}
