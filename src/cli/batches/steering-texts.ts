import type { Batch } from '../../jobs/batches/batches.ts';
import { clockText, holdsOf, holdText } from '../../jobs/batches/hold-of.ts';
import { windowText } from '../../jobs/batches/window.ts';
import { failureLimitText, rateText } from '../../operations/batches/steering-input.ts';
import { count } from '../../quantity-text.ts';
import { lifting } from '../terminal/hold-lines.ts';

/** What is set for a batch, with a label each, and what holds it. @param now milliseconds since 1970 */
export function steeringFacts(batch: Batch, now: number): [label: string, value: string][] {
  const { steering, maxFailures, maxFailuresPercent } = batch;
  const { canary, canaryEnded, concurrency, rate, notBefore, window } = steering;
  const texts: [label: string, value: string | undefined][] = [
    [
      'Failures',
      maxFailures === undefined
        ? undefined
        : `at most ${failureLimitText({ maxFailures, maxFailuresPercent })}`,
    ],
    ['Canary', canary === undefined ? undefined : `${count(canaryEnded)} of ${count(canary)} ended`],
    ['Concurrency', concurrency === undefined ? undefined : `at most ${count(concurrency)} at a time`],
    ['Rate', rate === undefined ? undefined : `at most ${rateText(rate)}`],
    ['Not before', notBefore === undefined ? undefined : clockText(notBefore)],
    ['Window', window && windowText(window)],
    ...holdsOf(batch, now).flatMap((hold): [string, string][] => [
      ['Held', holdText(hold)],
      ['  go on', `cozy-fleet ${lifting(hold, batch.id)}`],
    ]),
  ];
  return texts.flatMap(([label, value]): [string, string][] => (value === undefined ? [] : [[label, value]]));
}
