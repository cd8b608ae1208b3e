import { describeUnreadable, type OnUnreadable } from '../instances/lookup/readable.ts';
import type { Output } from './output.ts';
import { oneLine } from './terminal-text.ts';

/** Names each document that cannot be read once, beside what was asked for. */
export function tellUnreadable({ note }: Pick<Output, 'note'>): OnUnreadable {
  const told = new Set<string>();
  return (unreadable) => {
    if (told.has(unreadable._id)) return;
    told.add(unreadable._id);
    note(oneLine(`Passed over: the ${describeUnreadable(unreadable)}.`));
  };
}
