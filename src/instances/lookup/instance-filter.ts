import * as z from 'zod';
import { parseAppCondition } from '../../apps/manifest/app-condition.ts';
import { InputError } from '../../errors.ts';
import type { InstanceDocument } from '../documents/instance-document.ts';
import { INSTANCE_STATES, instanceState } from '../documents/instance-state.ts';
import { matchesGlob } from '../domains/domain-pattern.ts';
import { boundedText } from '../options/strict-values.ts';

/** Of a kind each, in one filter. */
const MOST_CONDITIONS = 20;

/** Characters: the time of a comparison grows with them. No domain is longer. */
const MOST_IN_PATTERN = 255;

const text = z.string().min(1, 'must not be empty');

/** One of the instance's own feature flags. */
const flagCondition = z.strictObject({
  name: boundedText.min(1),
  /** What it has to be; absent = whatever it is, as long as it is set. */
  value: z.union([z.string().max(MOST_IN_PATTERN), z.number(), z.boolean(), z.null()]).optional(),
});

export type FlagCondition = Readonly<z.infer<typeof flagCondition>>;

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
  /** Each of these, in the flags of the instance itself. */
  flags: z.array(flagCondition).min(1).max(MOST_CONDITIONS).optional(),
  /** ISO 8601 in UTC: nobody was there since, nor was it made since. */
  idleSince: z.iso.datetime().optional(),
  /** Percent of its quota that its files take more than; who has no quota is not meant. */
  usedOver: z.number().min(0).max(1_000_000).optional(),
  /** Conditions such as `drive<1.60`, in the words of `parseAppCondition`: it has each application, as it is said. */
  apps: z.array(boundedText.min(1).refine(isAppCondition)).min(1).max(MOST_CONDITIONS).optional(),
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

/** What has to be read besides its document before it is known whether an instance meets it. */
type Measured = 'idleSince' | 'usedOver' | 'apps';

/** A filter of which the document of an instance tells all. */
export type DocumentFilter = Omit<InstanceFilter, Measured> & { readonly [Part in Measured]?: never };

/**
 * What of a filter the document of an instance tells. Whoever asks no more than that asks the rest of `meetsMeasures`, or
 * leaves it to who does.
 */
export function documentPart(filter: InstanceFilter): DocumentFilter {
  const { idleSince: _, usedOver: __, apps: ___, ...told } = filter;
  return told;
}

/** Whether the document of an instance is as the filter says. */
export function matchesDocument(filter: DocumentFilter, document: InstanceDocument): boolean {
  const { states, context, locale, orgId, orgDomain, domain, flags = [] } = filter;
  if (states !== undefined && !states.includes(instanceState(document))) return false;
  if (context !== undefined && document.context !== context) return false;
  if (locale !== undefined && document.locale !== locale) return false;
  if (orgId !== undefined && document.org_id !== orgId) return false;
  if (orgDomain !== undefined && document.org_domain !== orgDomain) return false;
  if (!flags.every((flag) => hasFlag(document, flag))) return false;
  return domain === undefined || matchesGlob(domain, document.domain);
}

function hasFlag({ feature_flags: flags = {} }: InstanceDocument, { name, value }: FlagCondition): boolean {
  if (!Object.hasOwn(flags, name)) return false;
  return value === undefined || flags[name] === value;
}

function isAppCondition(text: string): boolean {
  try {
    return parseAppCondition(text, '--app').slug !== '';
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** Whether all instances are meant. */
export function isEmptyFilter(filter: InstanceFilter): boolean {
  return Object.values(filter).every((part) => part === undefined);
}

/** The filter in words, such as `state blocked, context beta`. */
export function describeFilter(filter: InstanceFilter): string {
  if (isEmptyFilter(filter)) return 'all instances';
  const { states, context, locale, orgId, orgDomain, domain, flags, idleSince, usedOver, apps } = filter;
  const parts = {
    state: states?.join(' or '),
    context,
    locale,
    'org-id': orgId,
    'org-domain': orgDomain,
    domain,
    flag: flags?.map(describeFlag).join(' and '),
    'idle since': idleSince?.replace(/T00:00:00\.000Z$/, '').replace(/\.\d+Z$/, 'Z'),
    'used over': usedOver === undefined ? undefined : `${usedOver}%`,
    app: apps?.join(' and '),
  };
  return Object.entries(parts)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ');
}

function describeFlag({ name, value }: FlagCondition): string {
  return value === undefined ? name : `${name}=${JSON.stringify(value)}`;
}
