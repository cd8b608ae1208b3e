import { InputError } from '../../errors.ts';
import { localZone } from '../../jobs/batches/hold-of.ts';
import {
  parseSteering,
  type SteeringInput,
  type SteeringTexts,
} from '../../operations/batches/steering-input.ts';

/** What the parts of a steering are called where somebody gives them. */
export type SteeringNames = Readonly<Record<keyof SteeringTexts, string>>;

const FLAGS: SteeringNames = {
  canary: '--canary',
  maxFailures: '--max-failures',
  concurrency: '--concurrency',
  rate: '--rate',
  at: '--at',
  between: '--between',
  timeZone: '--time-zone',
};

/** What they are called in queries and in forms. */
export const FIELD_NAMES: SteeringNames = {
  canary: 'canary',
  maxFailures: 'max_failures',
  concurrency: 'concurrency',
  rate: 'rate',
  at: 'at',
  between: 'between',
  timeZone: 'time_zone',
};

/**
 * Reads how a batch is to be held back, as the command does, but for what its parts are called.
 * @param mayClear whether `none` takes a limit away, and `now` a time
 * @throws InputError `bad_value`, `bad_choice`, with the name
 */
export function readSteering(texts: SteeringTexts, names: SteeringNames, mayClear: boolean): SteeringInput {
  try {
    return parseSteering(texts, { now: Date.now(), zone: localZone() }, mayClear);
  } catch (error) {
    throw withNames(error, names);
  }
}

/** What was thrown about a flag, as it is said where that has another name; all else as it is. */
export function withNames(error: unknown, names: SteeringNames): unknown {
  if (!(error instanceof InputError)) return error;
  const { code, message, place, advice } = error;
  const parts = Object.keys(FLAGS).filter(isPart);
  const part = parts.find((each) => FLAGS[each] === place.column);
  if (part === undefined) return error;
  const named = parts.reduce((text, each) => text.replaceAll(FLAGS[each], names[each]), message);
  return new InputError(code, named, { ...place, column: names[part] }, advice);
}

function isPart(name: string): name is keyof SteeringTexts {
  return Object.hasOwn(FLAGS, name);
}
