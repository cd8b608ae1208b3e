import type { InstanceOptions } from '../../instances/options/options.ts';
import { firstLabel } from '../targets/organizations-first.ts';

/** What is looked at of a row. */
type Member = Pick<InstanceOptions, 'domain' | 'orgId'>;

/**
 * The organizations of a file. A stack copies the directory of an organization to a new member from the instance
 * whose first label is the `org_id`: that one, the organization's own, has to be made first.
 */
export interface Organizations {
  /** Notes the organization of a row; to be told all rows before anything else is asked. */
  add(line: number, options: Member): void;
  /** Whether there is any. */
  readonly isAny: boolean;
  /** Whether the instance is an organization's own; its domain is noted then. */
  isOwn(options: Member): boolean;
  /** Domains of the organization's own instances of this file, which are to be made before this one. */
  before(options: Member): readonly string[];
  /** Passes names of instances that exist on, and notes which of them are an organization's own. */
  noting(existing: AsyncIterable<string>): AsyncGenerator<string>;
  /** The first line of each organization whose own instance is neither in the file nor there already. */
  withoutOwn(): { readonly orgId: string; readonly line: number }[];
}

interface Organization {
  readonly orgId: string;
  readonly line: number;
  readonly own: Set<string>;
  exists: boolean;
}

/** What is odd about an organization whose own instance nobody knows. */
export function withoutOwnText(orgId: string): string {
  return `no instance has ${JSON.stringify(orgId)} as its first label: members get no directory`;
}

export function createOrganizations(): Organizations {
  const known = new Map<string, Organization>();
  const firstLabels = new Set<string>();

  function ownedBy({ domain, orgId }: Member): Organization | undefined {
    const label = firstLabel(domain);
    return orgId === undefined || orgId.toLowerCase() === label ? known.get(label) : undefined;
  }

  return {
    add(line, options) {
      const { domain, orgId } = options;
      firstLabels.add(firstLabel(domain));
      const key = orgId?.toLowerCase();
      if (orgId === undefined || key === undefined || known.has(key)) return;
      known.set(key, { orgId, line, own: new Set(), exists: false });
    },

    get isAny() {
      return known.size > 0;
    },

    isOwn(options) {
      const organization = ownedBy(options);
      organization?.own.add(options.domain);
      return organization !== undefined;
    },

    before(options) {
      if (options.orgId === undefined || ownedBy(options) !== undefined) return [];
      return [...(known.get(options.orgId.toLowerCase())?.own ?? [])];
    },

    async *noting(existing) {
      for await (const name of existing) {
        const organization = known.get(firstLabel(name));
        if (organization !== undefined) organization.exists = true;
        yield name;
      }
    },

    withoutOwn() {
      return [...known].flatMap(([label, { orgId, line, exists }]) =>
        exists || firstLabels.has(label) ? [] : [{ orgId, line }],
      );
    },
  };
}
