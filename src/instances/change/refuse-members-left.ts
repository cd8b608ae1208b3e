import type { StoredInstance } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';
import type { PossibleOwners } from '../lookup/owner-index.ts';

/**
 * For an instance that may be an organization's own, which is the one whose first label is the `org_id`: a stack copies the directory of
 * the organization to its members from there, so that it goes after all of them.
 * @throws Refusal `has_members`
 */
export function refuseMembersLeft(
  owners: Pick<PossibleOwners, 'ofOrganization'>,
  { _id, domain }: Pick<StoredInstance, '_id' | 'domain'>,
): void {
  const [label = ''] = domain.split('.', 1);
  const { length: members } = owners.ofOrganization(label, _id);
  if (members === 0) return;
  throw new Refusal(
    'has_members',
    `${domain} is the own instance of an organization of which ${members} ${members === 1 ? 'instance is' : 'instances are'} there still`,
    'Nothing was touched. They go first. Submit the list again when they are gone.',
  );
}
