import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { type InstanceState, instanceState } from '../../instances/documents/instance-state.ts';

/** An organization, as its instances tell of it; what else is known of it is nowhere in CouchDB. */
export interface Organization {
  /** Null for instances that have an `org_domain` alone. */
  readonly org_id: string | null;
  /** All that its instances have, sorted; more than one is odd. */
  readonly org_domains: readonly string[];
  readonly instances: number;
  /**
   * Domain of the member whose first label is the `org_id`: from there a stack copies the directory to new members
   * (`docs/cozy-data.md` §9.5). Null where there is none.
   */
  readonly own: string | null;
}

/** A member of an organization. */
export interface Member {
  readonly domain: string;
  readonly state: InstanceState;
}

interface Known {
  readonly orgId: string | null;
  readonly orgDomains: Set<string>;
  instances: number;
  own: string | null;
}

/** Gathers the organizations of the instances that it is told of. */
export class OrganizationList {
  readonly #known = new Map<string, Known>();

  add({ domain, org_id: orgId = '', org_domain: orgDomain = '' }: StoredInstance): void {
    if (orgId === '' && orgDomain === '') return;
    // An id may be spelled as another one's domain.
    const key = orgId === '' ? `domain ${orgDomain}` : `id ${orgId}`;
    const known: Known = this.#known.get(key) ?? {
      orgId: orgId === '' ? null : orgId,
      orgDomains: new Set(),
      instances: 0,
      own: null,
    };
    this.#known.set(key, known);
    known.instances += 1;
    if (orgDomain !== '') known.orgDomains.add(orgDomain);
    if (domain.split('.', 1)[0] === orgId) known.own ??= domain;
  }

  /** By id, those without one last. */
  sorted(): Organization[] {
    const organizations = [...this.#known.values()].map(({ orgId, orgDomains, instances, own }) => ({
      org_id: orgId,
      org_domains: [...orgDomains].sort(),
      instances,
      own,
    }));
    return organizations.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  }
}

function orderOf({ org_id: id, org_domains: [domain = ''] }: Organization): string {
  return id === null ? `1${domain}` : `0${id}`;
}

/** An organization with its members; undefined where no instance is one. */
export async function gatherOrganization(
  instances: AsyncIterable<StoredInstance>,
): Promise<(Organization & { readonly members: readonly Member[] }) | undefined> {
  const list = new OrganizationList();
  const members: Member[] = [];
  for await (const instance of instances) {
    list.add(instance);
    members.push({ domain: instance.domain, state: instanceState(instance) });
  }
  const [organization] = list.sorted();
  if (organization === undefined) return undefined;
  return { ...organization, members: members.sort((a, b) => (a.domain < b.domain ? -1 : 1)) };
}
