import type { ChosenDates, DateLine } from '../../operations/instances/dates/list-dates.ts';
import { count, counted } from '../../quantity-text.ts';
import type { Output } from '../terminal/output.ts';

/** What goes with a destruction, in words; empty where it is as usual. */
export function howText({
  exportTo,
  skipAccounts,
  resume,
  filter,
}: Pick<DateLine, 'exportTo' | 'skipAccounts' | 'resume' | 'filter'>): string {
  const parts = [
    exportTo === undefined ? '' : `exported first to ${exportTo}`,
    skipAccounts === true ? 'accounts are not told of' : '',
    resume === true ? 'also where it is flagged deleting' : '',
    filter === undefined ? '' : `as long as ${filter}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Documents that are named of those that could not be read. */
const NAMED = 5;

/** Says which dates could not be read, or be held against the filter. @returns whether there are any */
export function noteUnread({ unreadable, passedOver }: ChosenDates, output: Output): boolean {
  if (unreadable.length > 0) {
    const named = unreadable.slice(0, NAMED).join(', ');
    output.note(
      `${count(unreadable.length)} dates are of another version of cozy-fleet, and were passed over: ${named}`,
    );
  }
  if (passedOver.length > 0) {
    const named = passedOver.slice(0, NAMED).map(({ domain }) => domain);
    output.note(
      `Of ${counted(passedOver.length, 'date')} nobody can tell whether the filter means them, for their instances cannot be read or measured: ${named.join(', ')}`,
    );
  }
  return unreadable.length + passedOver.length > 0;
}
