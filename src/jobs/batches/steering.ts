import { type BatchWindow, openingAt, readWindow, windowText } from './window.ts';

// How a batch is held back: kept in its hash, and weighed by the gate (`jobs/gate`).

/** Who paused something, when and why. */
export interface Pause {
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** May be empty. */
  readonly reason: string;
}

/** What keeps rows of a batch from being begun; undefined = nothing of that kind. */
export interface Steering {
  readonly pause: Pause | undefined;
  /** So many rows, the first, are begun; the others wait until somebody has the batch go on. */
  readonly canary: number | undefined;
  /** Rows of the canary that have ended. */
  readonly canaryEnded: number;
  /** Most rows under way at a time. */
  readonly concurrency: number | undefined;
  /** Most rows that are begun in a second. */
  readonly rate: number | undefined;
  /** Time before which no row is begun, in milliseconds since 1970. */
  readonly notBefore: number | undefined;
  readonly window: BatchWindow | undefined;
}

/** What is to be otherwise; `null` takes a limit away, and what is absent stays. */
export interface SteeringChange {
  readonly pause?: Pause | null | undefined;
  readonly canary?: number | null | undefined;
  readonly concurrency?: number | null | undefined;
  readonly rate?: number | null | undefined;
  readonly notBefore?: number | null | undefined;
  readonly window?: BatchWindow | null | undefined;
}

export const NO_STEERING: Steering = {
  pause: undefined,
  canary: undefined,
  canaryEnded: 0,
  concurrency: undefined,
  rate: undefined,
  notBefore: undefined,
  window: undefined,
};

/** Largest number that a limit may be, and rows a second that make no difference any more. */
export const MOST_AT_ONCE = 100_000;
/** Rows of the largest canary: they are looked at whenever the gate is opened. */
export const MOST_CANARY = 1_000;
export const MOST_PER_SECOND = 10_000;

/** Fewest rows a second: one in a day. */
export const LEAST_PER_SECOND = 1 / 86_400;

const LAST_TIME_MS = 8.64e15;

/** Reads the fields of a batch; what is none of ours holds nothing back, but a pause always does. */
export function steeringOf(fields: Readonly<Record<string, string>>): Steering {
  const paused = fields['pausedAt'];
  return {
    pause:
      paused === undefined
        ? undefined
        : {
            by: fields['pausedBy'] ?? '',
            at: numberIn(paused, 0, LAST_TIME_MS) ?? 0,
            reason: fields['pauseReason'] ?? '',
          },
    canary: wholeIn(fields['canary'], MOST_CANARY),
    canaryEnded: wholeIn(fields['canaryEnded'], MOST_CANARY) ?? 0,
    concurrency: wholeIn(fields['concurrency'], MOST_AT_ONCE),
    rate: numberIn(fields['rate'], LEAST_PER_SECOND, MOST_PER_SECOND),
    notBefore: numberIn(fields['notBefore'], 0, LAST_TIME_MS),
    window: fields['window'] === undefined ? undefined : readWindow(fields['window']),
  };
}

/** Fields to be written and fields to be taken away. */
export interface SteeringFields {
  readonly set: Readonly<Record<string, string | number>>;
  readonly remove: readonly string[];
}

/** @param now milliseconds since 1970 */
export function steeringFields(change: SteeringChange, now: number): SteeringFields {
  const set: Record<string, string | number> = {};
  const remove: string[] = [];
  const put = (value: unknown, fields: Record<string, string | number>): void => {
    if (value === undefined) return;
    if (value === null) remove.push(...Object.keys(fields));
    else Object.assign(set, fields);
  };
  const { pause, canary, concurrency, rate, notBefore, window } = change;
  put(pause, {
    pausedAt: pause?.at ?? 0,
    pausedBy: pause?.by ?? '',
    pauseReason: pause?.reason ?? '',
  });
  put(canary, { canary: canary ?? 0 });
  // The next canary is one of its own.
  if (canary !== undefined) remove.push('canaryEnded');
  put(concurrency, { concurrency: concurrency ?? 0 });
  put(rate, { rate: rate ?? 0 });
  // What was saved up under another rate counts no more.
  if (rate !== undefined) remove.push('tokens', 'tokensAt');
  put(notBefore, { notBefore: notBefore ?? 0 });
  const opening = window ? openingAt(window, now) : { from: 0, until: 0 };
  put(window, {
    window: window ? windowText(window) : '',
    openFrom: opening.from,
    openUntil: opening.until,
  });
  return { set, remove };
}

function wholeIn(text: string | undefined, most: number): number | undefined {
  const value = numberIn(text, 1, most);
  return value !== undefined && Number.isInteger(value) ? value : undefined;
}

function numberIn(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^\d{1,16}(\.\d{1,20})?(e-\d{1,2})?$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
