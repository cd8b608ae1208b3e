import { randomUUID } from 'node:crypto';
import { FleetError } from '../../errors.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type Author, authorFields } from '../../jobs/kinds/author.ts';
import { type HistoryEntry, noteHistory, readHistory } from '../../jobs/queue/instance-history.ts';

/** What was done to a domain, as programs read it. */
export interface HistoryLine extends Omit<HistoryEntry, 'at'> {
  /** ISO 8601. */
  readonly at: string;
}

/** What was done to a domain, latest first, whether its instance is still there or not. */
export interface InstanceHistory {
  /** Normalised. */
  readonly domain: string;
  readonly entries: readonly HistoryLine[];
}

/**
 * @param typed the domain itself: an alias has no history
 * @throws InputError `illegal_domain`
 */
export async function instanceHistory(
  fleet: Pick<Fleet, 'redis' | 'keys'>,
  typed: string,
  limit: number,
): Promise<InstanceHistory> {
  const domain = normaliseDomain(typed, 'nested');
  const entries = await readHistory(fleet, domain);
  return {
    domain,
    entries: entries.slice(0, limit).map((each) => ({ ...each, at: new Date(each.at).toISOString() })),
  };
}

/** A change that is made at once, without a job. */
export interface DirectChange {
  /** Of the instance, as it is stored. */
  readonly domain: string;
  readonly what: HistoryEntry['what'];
  /** Names of what changes. */
  readonly fields?: readonly string[];
  readonly author: Author;
}

/**
 * Makes a change and notes how it ended. That it cannot be noted makes no failure of it.
 * @param stateOf says of what `work` answers whether anything was changed
 * @throws whatever `work` throws
 */
export async function withHistory<T>(
  fleet: Pick<Fleet, 'redis' | 'keys'>,
  { domain, what, fields = [], author }: DirectChange,
  work: () => Promise<T>,
  stateOf: (result: T) => 'done' | 'skipped' = () => 'done',
): Promise<T> {
  const note = async (end: Pick<HistoryEntry, 'state' | 'code'>): Promise<void> => {
    const about = { at: Date.now(), what, ...(fields.length > 0 && { fields: [...fields] }) };
    const entry = { ...about, ...authorFields(author), ...end };
    await noteHistory(fleet, domain, randomUUID(), entry).catch(() => undefined);
  };
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await note({ state: 'failed', code: error instanceof FleetError ? error.code : 'internal' });
    throw error;
  }
  await note({ state: stateOf(result) });
  return result;
}
