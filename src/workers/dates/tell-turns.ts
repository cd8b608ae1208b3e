import { notifyLate } from '../../jobs/batches/outbox.ts';
import type { NewDate } from '../../jobs/dates/date-document.ts';
import { batchOfDate } from '../../jobs/dates/date-ids.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';

/**
 * Has it told what dates came to in the end that were put off: the batch of each further turn notifies nobody before that,
 * for it may be put off again. To be called before the dates are settled; may be repeated, and tells of each batch once.
 */
export async function tellTurns(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  dates: readonly NewDate[],
): Promise<void> {
  const wanted = new Map<string, { readonly address: string; readonly turnOf: string }>();
  for (const date of dates) {
    const { turn, notify: address, batch: turnOf } = date;
    if (turn !== undefined && address !== undefined) wanted.set(batchOfDate(date), { address, turnOf });
  }
  for (const [id, late] of wanted) await notifyLate({ redis, keys }, id, late);
}
