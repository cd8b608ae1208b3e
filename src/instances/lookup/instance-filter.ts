import { z } from 'zod';
import type { InstanceDocument } from '../documents/instance-document.ts';
import { INSTANCE_STATES, instanceState } from '../documents/instance-state.ts';
import { matchesGlob } from '../domains/domain-pattern.ts';
import { boundedText } from '../options/strict-values.ts';

/** Characters: the time of a comparison grows with them. No domain is longer. */
const MOST_IN_PATTERN = 255;

const text = z.string().min(1, 'must not be empty');

/** Which instances are meant: those that meet all that is given. Plain JSON, to travel in payloads. */
export const instanceFilter = z.strictObject({
  /** Any of these, as `instanceState` tells them. */
  states: z.array(z.enum(INSTANCE_STATES)).min(1).optional(),
  context: text.optional(),
  locale: text.optional(),
  /** As it is stored. */
  orgId: text.optional(),
  /** As it is stored. */
  orgDomain: text.optional(),
  /** Pattern of the domain, with `*` and `?`; aliases do not count. */
  domain: text.max(MOST_IN_PATTERN, `must not have more than ${MOST_IN_PATTERN} characters`).optional(),
});

/** `instanceFilter`, with bounded texts. */
export const strictFilter = instanceFilter.extend({
  context: boundedText.min(1).optional(),
  locale: boundedText.min(1).optional(),
  orgId: boundedText.min(1).optional(),
  orgDomain: boundedText.min(1).optional(),
  domain: boundedText.min(1).optional(),
});

export type InstanceFilter = Readonly<z.infer<typeof instanceFilter>>;

/** Whether an instance is one of those that are meant. */
export function matches(filter: InstanceFilter, document: InstanceDocument): boolean {
  const { states, context, locale, orgId, orgDomain, domain } = filter;
  if (states !== undefined && !states.includes(instanceState(document))) return false;
  if (context !== undefined && document.context !== context) return false;
  if (locale !== undefined && document.locale !== locale) return false;
  if (orgId !== undefined && document.org_id !== orgId) return false;
  if (orgDomain !== undefined && document.org_domain !== orgDomain) return false;
  return domain === undefined || matchesGlob(domain, document.domain);
}

/** Whether all instances are meant. */
export function isEmptyFilter(filter: InstanceFilter): boolean {
  return Object.values(filter).every((part) => part === undefined);
}

/** The filter in words, such as `state blocked, context beta`. */
export function describeFilter(filter: InstanceFilter): string {
  if (isEmptyFilter(filter)) return 'all instances';
  const { states, context, locale, orgId, orgDomain, domain } = filter;
  const state = states?.join(' or ');
  const parts = { state, context, locale, 'org-id': orgId, 'org-domain': orgDomain, domain };
  return Object.entries(parts)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ');
}
