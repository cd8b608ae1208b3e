import { refuseUnreachable } from '../../instances/change/refuse-unreachable.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isUnregistered, resetEnd } from '../../instances/documents/reset-token.ts';
import type { TaskOf } from '../../jobs/kinds/job-kinds.ts';
import { readableDuration } from '../../quantity-text.ts';
import type { Verdict } from './verdict.ts';

/**
 * What making a link for a new passphrase would do, by the rules of its job.
 * @throws Refusal `provisioning`, `deleting`, `closed`
 */
export function judgeResetLink(
  { validMs }: TaskOf<'reset-links'>,
  instance: StoredInstance,
  now = Date.now(),
): Verdict {
  refuseUnreachable(instance);
  if (isUnregistered(instance)) return { verdict: 'same', fields: [] };
  const end = resetEnd(instance) ?? 0;
  const old = end > now ? (instance.passphrase_reset_time ?? null) : null;
  const next = `${readableDuration(validMs)} from then on`;
  return { verdict: 'change', fields: [{ field: 'passphrase_reset_time', old, new: next }] };
}
