import { notifyLate } from '../../jobs/batches/outbox.ts';
import type { NewDate } from '../../jobs/dates/date-document.ts';
import { batchOfDate } from '../../jobs/dates/date-ids.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';

/** Dates of one command that were put off as often as each other. */
interface Turn {
  readonly turn: number;
  /** Whom to notify, sealed. */
  readonly address: string;
  /** The batch whose id was told when they were set. */
  readonly turnOf: string;
}

/**
 * Has it told what dates came to in the end that were put off: the batch of each further turn notifies nobody before that,
 * for it may be put off again. Where a date came to its end before its turn was queued, the turn before is told; the first
 * batch, which notifies from the start, is left as it is. To be called before dates go; may be repeated, and tells of each
 * batch once.
 */
export async function tellTurns(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  dates: readonly NewDate[],
): Promise<void> {
  const turns = new Map<string, Turn>();
  for (const date of dates) {
    const { turn, notify: address, batch: turnOf } = date;
    if (turn !== undefined && address !== undefined) turns.set(batchOfDate(date), { turn, address, turnOf });
  }
  for (const [id, { turn, ...receiver }] of turns) {
    if (await notifyLate({ redis, keys }, id, receiver)) continue;
    await notifyLate({ redis, keys }, batchOfDate({ batch: receiver.turnOf, turn: turn - 1 }), receiver);
  }
}
