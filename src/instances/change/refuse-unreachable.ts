import type { InstanceDocument } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';
import { refuseUnfinished } from './existing-instance.ts';

/**
 * Refuses an instance whose owner could do nothing with a link.
 * @throws Refusal `provisioning`, `deleting`, `closed`
 */
export function refuseUnreachable(instance: InstanceDocument): void {
  refuseUnfinished(instance);
  if (instance.blocked !== true && instance.moved !== true) return;
  throw new Refusal(
    'closed',
    `${instance.domain} ${instance.blocked === true ? 'is blocked' : 'was moved to another place'}: nobody could use the link`,
    'Nothing was changed. See why: cozy-fleet instances show.',
  );
}
