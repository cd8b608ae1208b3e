import { html } from 'ghtml';
import * as z from 'zod';
import { InputError } from '../../../errors.ts';
import type { Batch } from '../../../jobs/batches/batches.ts';
import { clockText, localZone } from '../../../jobs/batches/hold-of.ts';
import {
  rateText,
  type SteeringInput,
  type SteeringTexts,
} from '../../../operations/batches/steering-input.ts';
import { FIELD_NAMES, readSteering, type SteeringNames, withNames } from '../../fleet-api/steering-fields.ts';

/** What the fields say that hold a batch back, as they are typed; an empty text for no limit. */
export type HoldValues = Readonly<Record<keyof SteeringTexts, string>>;

/** Of a batch that is not there yet. */
export function noHold(): HoldValues {
  const none = { canary: '', maxFailures: '', concurrency: '', rate: '', at: '', between: '' };
  return { ...none, timeZone: localZone() };
}

/** What is set for a batch. @param now milliseconds since 1970 */
export function holdValues({ steering, maxFailures, maxFailuresPercent }: Batch, now: number): HoldValues {
  const { canary, concurrency, rate, notBefore, window } = steering;
  const zone = window?.zone ?? localZone();
  const isToCome = notBefore !== undefined && notBefore > now;
  return {
    canary: canary?.toString() ?? '',
    maxFailures:
      maxFailuresPercent === undefined ? (maxFailures?.toString() ?? '') : `${maxFailuresPercent}%`,
    concurrency: concurrency?.toString() ?? '',
    rate: rate === undefined ? '' : rateText(rate),
    at: isToCome ? clockText(notBefore, zone).slice('yyyy-mm-dd '.length).slice(0, 'hh:mm'.length) : '',
    between: window === undefined ? '' : `${window.from}-${window.until}`,
    timeZone: zone,
  };
}

interface Field {
  readonly part: keyof SteeringTexts;
  readonly label: string;
  readonly example: string;
}

const FIELDS: readonly Field[] = [
  { part: 'canary', label: 'Canary: begin with so many, and wait', example: 'no canary' },
  { part: 'maxFailures', label: 'Stop when more than so many have failed', example: 'never; 20 or 5%' },
  { part: 'concurrency', label: 'Most at a time', example: 'no limit' },
  { part: 'rate', label: 'Most that begin', example: 'no limit; 10/s or 500/h' },
  { part: 'at', label: 'Not before', example: 'at once; 22:00' },
  { part: 'between', label: 'Only between', example: 'all day; 22:00-06:00' },
  { part: 'timeZone', label: 'Time zone', example: 'Europe/Paris' },
];

/** Their labels, by which somebody finds the one that is wrong. */
const LABELS: SteeringNames = {
  canary: 'Canary',
  maxFailures: 'Stop when more than so many have failed',
  concurrency: 'Most at a time',
  rate: 'Most that begin',
  at: 'Not before',
  between: 'Only between',
  timeZone: 'Time zone',
};

/** The fields that hold a batch back. */
export function holdFields(values: HoldValues): string {
  const fields = FIELDS.map(({ part, label, example }) => {
    const name = FIELD_NAMES[part];
    return html`<div><label for="${name}">${label}</label>
<input id="${name}" name="${name}" value="${values[part]}" maxlength="60" placeholder="${example}" autocapitalize="none" autocomplete="off" spellcheck="false"></div>`;
  });
  return html`<div class="fields">!${fields.join('')}</div>`;
}

/** What the fields said when they were shown: so only what somebody has changed is written. */
export function shownFields(values: HoldValues): string {
  return FIELDS.map(
    ({ part }) => html`<input type="hidden" name="was_${FIELD_NAMES[part]}" value="${values[part]}">`,
  ).join('');
}

/** Characters of a field that are read; what is longer is none of these. */
const LONGEST = 100;

const field = z
  .string()
  .transform((text) => text.trim().slice(0, LONGEST))
  .optional()
  .catch(undefined);

const form = z
  .record(z.string(), z.unknown())
  .transform((fields) => (name: string) => field.parse(fields[name]));

/**
 * What a form changes of how a batch is held back; undefined where it is nothing. A field that did not come stays as it is.
 * @throws InputError `bad_value`, `bad_choice`
 */
export function holdChanges(body: unknown): SteeringInput | undefined {
  const fieldOf = form.parse(body ?? {});
  const typed = (part: keyof SteeringTexts) => fieldOf(FIELD_NAMES[part]);
  const isOther = (part: keyof SteeringTexts): boolean =>
    typed(part) !== undefined && typed(part) !== (fieldOf(`was_${FIELD_NAMES[part]}`) ?? '');
  const changed = (part: keyof SteeringTexts, none: string): string | undefined =>
    isOther(part) ? typed(part) || none : undefined;
  const isZoneOther = isOther('timeZone');
  const times = {
    at: changed('at', 'now') ?? ((isZoneOther && typed('at')) || undefined),
    between: changed('between', 'none') ?? ((isZoneOther && typed('between')) || undefined),
  };
  const isTimed = times.at !== undefined || times.between !== undefined;
  const texts: SteeringTexts = {
    ...times,
    canary: changed('canary', 'none'),
    maxFailures: changed('maxFailures', 'none'),
    concurrency: changed('concurrency', 'none'),
    rate: changed('rate', 'none'),
    timeZone: isTimed ? typed('timeZone') || undefined : undefined,
  };
  if (Object.values(texts).every((text) => text === undefined)) return undefined;
  return inWords(() => readSteering(texts, LABELS, true));
}

/** How a batch that is to be made is held back. @throws InputError `bad_value` */
export function holdOfNew(body: unknown): SteeringInput {
  const fieldOf = form.parse(body ?? {});
  const typed = (part: keyof SteeringTexts) => fieldOf(FIELD_NAMES[part]) || undefined;
  const at = typed('at');
  const between = typed('between');
  const texts: SteeringTexts = {
    canary: typed('canary'),
    maxFailures: typed('maxFailures'),
    concurrency: typed('concurrency'),
    rate: typed('rate'),
    at,
    between,
    timeZone: at === undefined && between === undefined ? undefined : typed('timeZone'),
  };
  return inWords(() => readSteering(texts, LABELS, false));
}

/** A page has no place beside its sentence: the label of the field comes before it. */
function inWords<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw withLabel(error);
  }
}

/** What was thrown about a field, with its label. */
export function withLabel(thrown: unknown): unknown {
  const error = withNames(thrown, LABELS);
  if (!(error instanceof InputError) || error.place.column === undefined) return error;
  return new InputError(error.code, `${error.place.column}: ${error.message}`, error.place, error.advice);
}
