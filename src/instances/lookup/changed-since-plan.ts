import type { StoredInstance } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';

/** An instance is not any more what a plan has compared. @param what names of fields, or what else is otherwise */
export function changedSincePlan(domain: string, what: readonly string[]): Refusal {
  return new Refusal(
    'changed_since',
    `${domain} has changed since the plan was made: ${what.join(', ')}`,
    'It was left as it is. Look at it, and make a new plan.',
  );
}

/**
 * For an instance that goes for being on no list: whatever has changed may be why it is to stay.
 * @param rev that its document had when the list was compared; undefined = that is not asked
 * @throws Refusal `changed_since`
 */
export function refuseOtherRevision(
  { _rev, domain }: Pick<StoredInstance, '_rev' | 'domain'>,
  rev: string | undefined,
): void {
  if (rev !== undefined && _rev !== rev) throw changedSincePlan(domain, ['its document']);
}
