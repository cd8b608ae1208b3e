import type { CouchServer } from '../../couchdb/server.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { clockText } from '../batches/hold-of.ts';
import { dateId, type StoredDate } from './date-document.ts';
import { createDateStore } from './date-store.ts';

/** Why an instance stays that would go otherwise for being on no list. */
export interface DateInTheWay {
  readonly code: 'has_date';
  readonly message: string;
  readonly advice: string;
}

/**
 * Whoever has set a date for a destruction has decided when it goes, and whether it is exported before: a list takes nothing of
 * that away. One that was not carried out counts, too, for nobody has decided yet what becomes of its instance.
 * @param date of the instance, for its destruction
 */
export function dateInTheWay(
  domain: string,
  date: StoredDate | 'unreadable' | undefined,
): DateInTheWay | undefined {
  if (date === undefined) return undefined;
  return {
    code: 'has_date',
    message: `${domain} has a date for its destruction${termsOf(date)}`,
    advice: `It goes at that date, and not for being on no list. To have it go by the list: cozy-fleet dates cancel ${domain}, then submit the list again. Dates that were not carried out, and why: cozy-fleet dates ls.`,
  };
}

function termsOf(date: StoredDate | 'unreadable'): string {
  if (date === 'unreadable') return ' that another version of cozy-fleet has set';
  const due = `: ${clockText(Date.parse(date.due), date.zone)}`;
  const isExported = date.act === 'destroy' && date.destruction.exportTo !== undefined;
  const end = date.ended === undefined ? '' : `, not carried out: ${date.ended.code}`;
  return `${due}${isExported ? ', after an export' : ''}${end}`;
}

/** Asks for the date at this moment: one may have been set after the list was compared. @throws Refusal `has_date`, CouchError */
export async function refuseDated(
  global: CouchServer,
  { _id: id, domain }: Pick<StoredInstance, '_id' | 'domain'>,
  signal?: AbortSignal,
): Promise<void> {
  const found = dateInTheWay(domain, await createDateStore(global).get(dateId('destroy', id), signal));
  if (found === undefined) return;
  throw new Refusal(found.code, found.message, `Nothing was touched. ${found.advice}`);
}
