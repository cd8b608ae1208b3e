import type { CouchServer } from '../../couchdb/server.ts';
import { dateState } from '../../jobs/dates/date-document.ts';
import { createDateStore, type DatePage } from '../../jobs/dates/date-store.ts';
import { count, readableDuration } from '../../quantity-text.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('dates');

/** Milliseconds after which a date that is due should be a job: workers look every few seconds. */
const LATE_MS = 300_000;

/** What is judged of the dates of instances; nothing where there are none. @param now milliseconds since 1970 */
export function judgeDates({ dates, unreadable }: DatePage, now: number): Finding[] {
  const findings: Finding[] = [];
  if (unreadable.length > 0) {
    const named = unreadable.slice(0, 3).join(', ');
    const text = `${count(unreadable.length)} dates are of another version, and no worker of this one carries them out: ${named}`;
    findings.push(found.warn('unreadable', text, 'Start workers of the version that has set them.'));
  }
  const ended = dates.filter((date) => dateState(date) === 'ended');
  if (ended.length > 0) {
    const codes = [...new Set(ended.map((date) => date.ended?.code ?? ''))].sort().join(', ');
    const text = `${count(ended.length)} dates were not carried out (${codes})`;
    findings.push(
      found.warn('ended', text, 'See why: cozy-fleet dates ls. Set them again, or take them back.'),
    );
  }
  const set = dates.filter((date) => dateState(date) === 'set');
  const late = set.filter(({ due }) => now - Date.parse(due) > LATE_MS);
  if (late.length > 0) {
    const text = `${count(late.length)} dates are due for more than ${readableDuration(LATE_MS)}, and are no jobs yet`;
    const advice =
      'See whether workers run, and their log: they do nothing where the clock of CouchDB is another one.';
    findings.push(found.warn('late', text, advice));
  }
  if (findings.length === 0 && dates.length > 0)
    findings.push(found.ok('set', `${count(dates.length)} dates are set`));
  return findings;
}

/** Reads the dates, and writes nothing. @param global undefined where CouchDB is away, which is told elsewhere */
export async function checkDates(
  global: CouchServer | undefined,
  now: number,
  signal: AbortSignal,
): Promise<Finding[]> {
  return global === undefined ? [] : judgeDates(await createDateStore(global).list(signal), now);
}
