import type { Member, Organization } from '../../operations/instances/list-organizations.ts';
import { rowsText } from '../terminal/table.ts';

/** Organizations: a table for a person, tabs for a program. */
export function organizationLines(organizations: readonly Organization[], live: boolean): string[] {
  const rows = organizations.map(({ org_id: id, org_domains: domains, instances, own }) => [
    id ?? '-',
    domains.length === 0 ? '-' : domains.join(','),
    String(instances),
    own ?? '-',
  ]);
  return rowsText(['ORG-ID', 'ORG-DOMAIN', 'INSTANCES', 'OWN INSTANCE'], rows, live);
}

/** The members of one. */
export function memberLines(members: readonly Member[], live: boolean): string[] {
  const rows = members.map(({ domain, state }) => [domain, state]);
  return rowsText(['DOMAIN', 'STATE'], rows, live);
}
