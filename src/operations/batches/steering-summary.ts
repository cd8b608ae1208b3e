import { defined } from '../../defined.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import { type Hold, holdOf } from '../../jobs/batches/hold-of.ts';
import { windowText } from '../../jobs/batches/window.ts';

/** What is set for a batch, as programs read it; what is absent is not limited. Times are ISO 8601. */
export interface SteeringSummary {
  readonly pause?: { readonly by: string; readonly at: string; readonly reason: string };
  readonly canary?: { readonly rows: number; readonly ended: number };
  /** Most rows under way at a time. */
  readonly concurrency?: number;
  /** Most rows that are begun in a second. */
  readonly rate?: number;
  readonly notBefore?: string;
  /** `22:00-06:00 Europe/Paris` */
  readonly window?: string;
  /** More failed and incomplete rows than this stop it. */
  readonly maxFailures?: number;
  readonly maxFailuresPercent?: number;
}

/** What holds a batch back, as programs read it. Times are ISO 8601. */
export type HoldSummary =
  | { readonly kind: 'paused'; readonly by: string; readonly at: string; readonly reason: string }
  | { readonly kind: 'canary'; readonly rows: number; readonly ended: number }
  | { readonly kind: 'not-before'; readonly at: string }
  | { readonly kind: 'window'; readonly opensAt: string; readonly window: string };

/** @param now milliseconds since 1970 */
export function steeringSummary(
  batch: Batch,
  now: number,
): { readonly steering: SteeringSummary; readonly hold?: HoldSummary } {
  const { steering, maxFailures, maxFailuresPercent } = batch;
  const { pause, canary, canaryEnded, concurrency, rate, notBefore, window } = steering;
  const hold = holdOf(batch, now);
  return defined({
    steering: defined({
      pause: pause && { ...pause, at: isoTime(pause.at) },
      canary: canary === undefined ? undefined : { rows: canary, ended: canaryEnded },
      concurrency,
      rate,
      notBefore: notBefore === undefined ? undefined : isoTime(notBefore),
      window: window && windowText(window),
      maxFailures,
      maxFailuresPercent,
    }),
    hold: hold && holdSummary(hold),
  });
}

function holdSummary(hold: Hold): HoldSummary {
  switch (hold.kind) {
    case 'canary':
      return hold;
    case 'window':
      return { ...hold, opensAt: isoTime(hold.opensAt) };
    case 'paused':
      return { ...hold, at: isoTime(hold.at) };
    case 'not-before':
      return { ...hold, at: isoTime(hold.at) };
    default:
      return hold satisfies never;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
