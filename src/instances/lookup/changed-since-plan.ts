import { Refusal } from '../errors.ts';

/** An instance is not any more what a plan has compared. @param what names of fields, or what else is otherwise */
export function changedSincePlan(domain: string, what: readonly string[]): Refusal {
  return new Refusal(
    'changed_since',
    `${domain} has changed since the plan was made: ${what.join(', ')}`,
    'It was left as it is. Look at it, and make a new plan.',
  );
}
