import type { InstanceDocument } from '../documents/instance-document.ts';
import { otherStorage } from '../documents/other-storage.ts';
import { Refusal } from '../errors.ts';
import type { InstanceChanges } from '../options/changes.ts';

/** Whether changes make an instance a member of another organization than it is. */
export function joinsOrganization(
  instance: InstanceDocument,
  { orgId = instance.org_id, orgDomain = instance.org_domain }: InstanceChanges,
): boolean {
  return orgId !== instance.org_id || orgDomain !== instance.org_domain;
}

/**
 * On S3 the organization names the bucket that files are in: with another one a stack would find none of them.
 * A storage that is not known here may do the same.
 * @throws Refusal `other_storage`
 */
export function refuseOtherBucket(
  instance: InstanceDocument,
  { orgId = instance.org_id }: InstanceChanges,
): void {
  const storage = otherStorage(instance);
  if (storage?.code !== 'other_storage' || orgId === instance.org_id) return;
  throw new Refusal(
    'other_storage',
    `the files of ${instance.domain} are in ${storage.name}, where the org_id may name the place of all of them`,
    'Nothing was changed. An instance keeps its org_id there.',
  );
}

/**
 * For any of its members a stack reads address and name of every instance of an organization, and gives up where one
 * lacks them.
 * @param settings of the instance, as they are
 * @throws Refusal `member_incomplete`
 */
export function refuseIncompleteMember(
  instance: InstanceDocument,
  settings: Readonly<Record<string, unknown>>,
  changes: InstanceChanges,
): void {
  if (!joinsOrganization(instance, changes)) return;
  const after = { ...settings, ...changes.settings };
  const lacking = ['email', 'public_name'].filter(
    (key) => typeof after[key] !== 'string' || after[key] === '',
  );
  if (lacking.length === 0) return;
  throw new Refusal(
    'member_incomplete',
    `${instance.domain} has no ${lacking.join(' and no ')}, and an organization with such a member gets no new ones`,
    'Nothing was changed. Give both in the same row: columns email and public-name.',
  );
}
