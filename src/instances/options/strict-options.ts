import * as z from 'zod';
import { organizationDomain } from '../domains/new-domain.ts';
import { instanceChanges } from './changes.ts';
import { hasNoNull, strictFlags } from './feature-flags.ts';
import { parseLocale, parseReason } from './option-values.ts';
import { instanceOptions } from './options.ts';
import {
  appSource,
  asLeftBy,
  domain,
  freshDomain,
  freshDomains,
  id,
  listOf,
  settings,
  word,
} from './strict-values.ts';
import { normaliseTos, requireDatedTos } from './tos.ts';

/** What both a new instance and a change of one may have, in the form in which it is kept. */
const common = {
  locale: asLeftBy(parseLocale),
  oldDomain: domain.optional(),
  uuid: id.optional(),
  oidcId: id.optional(),
  franceconnectId: id.optional(),
  context: word.optional(),
  sponsorships: listOf(word).optional(),
  featureSets: listOf(word).optional(),
  featureFlags: strictFlags.optional(),
  tos: asLeftBy(normaliseTos).optional(),
  tosLatest: asLeftBy(requireDatedTos).optional(),
  blockingReason: asLeftBy(parseReason).pipe(word).optional(),
};

const reasonAlone = {
  path: ['blockingReason'],
  error: 'is given for an instance that is not to be blocked',
};

const hasNoReasonAlone = ({
  blocked,
  blockingReason,
}: {
  readonly blocked?: boolean | undefined;
  readonly blockingReason?: string | undefined;
}): boolean => blocked === true || blockingReason === undefined;

const organization = { orgDomain: asLeftBy(organizationDomain).optional(), orgId: id.optional() };

/** `instanceOptions`, with each value as strictly looked at as by `parseInstanceOptions`. */
export const strictOptions = instanceOptions
  .extend({
    ...common,
    domain: freshDomain,
    aliases: freshDomains,
    ...organization,
    settings,
    apps: listOf(appSource),
    featureFlags: strictFlags.refine(hasNoNull, 'has a null, which a new instance cannot lose').optional(),
  })
  .refine(({ domain: own, aliases }) => !aliases.includes(own), {
    path: ['aliases'],
    error: 'names the domain itself',
  })
  .refine(hasNoReasonAlone, reasonAlone);

/** `instanceChanges`, with each value as strictly looked at as by `parseChanges`. */
export const strictChanges = instanceChanges
  .extend({
    ...common,
    locale: common.locale.optional(),
    aliases: freshDomains.optional(),
    settings: settings.optional(),
    ...organization,
  })
  .refine((changes) => Object.keys(changes).length > 0, 'nothing is to change')
  .refine(({ deleting, ...others }) => deleting === undefined || Object.keys(others).length === 0, {
    path: ['deleting'],
    error: 'goes alone',
  })
  .refine(hasNoReasonAlone, reasonAlone);

/** What a field of a document is, as it is compared; null where there is none. */
export const fieldValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

/** Values of fields of an instance by their names; those of its settings begin with `settings.`, its flags with `feature_flags.`. */
export const fieldValues = z.record(
  z.string().regex(/^[a-z_]+$|^(?:settings|feature_flags)\../s),
  fieldValue,
);

export type FieldValue = z.infer<typeof fieldValue>;
export type FieldValues = Readonly<Record<string, FieldValue>>;
