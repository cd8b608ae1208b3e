import type { ParsedChanges } from './changes.ts';
import type { RawOptions } from './flags.ts';
import type { InstanceOptions } from './options.ts';
import type { ParsedOptions, ParsingRules } from './parse-options.ts';
import type { OptionProblem } from './row-reader.ts';
import {
  addressDoubts,
  contextDoubts,
  domainDoubts,
  flagsDoubts,
  idDoubts,
  localeDoubts,
  nameDoubts,
  passphraseDoubts,
  phoneDoubts,
  quotaDoubts,
  settingsDoubts,
} from './value-doubts.ts';

/** What is odd about a value, by its column; no passphrase is ever quoted. */
export type Doubt = OptionProblem;

interface About {
  readonly orgId?: string | undefined;
  readonly orgDomain?: string | undefined;
  readonly context?: string | undefined;
  readonly locale?: string | undefined;
  readonly uuid?: string | undefined;
  readonly oidcId?: string | undefined;
  readonly franceconnectId?: string | undefined;
  readonly diskQuota?: number | null | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly featureFlags?: Readonly<Record<string, unknown>> | undefined;
}

/** Gathers what a function says about a value that is given. */
function about<Value>(column: string, value: Value | undefined, say: (value: Value) => string[]): Doubt[] {
  return value === undefined ? [] : say(value).map((message) => ({ column, message }));
}

function shared(raw: RawOptions, wanted: About, { contexts }: ParsingRules): Doubt[] {
  const { settings = {}, aliases = [] } = wanted;
  return [
    ...aliases.flatMap((alias) => about('domain-aliases', alias, domainDoubts)),
    ...about('org-id', wanted.orgId, idDoubts),
    ...about('org-domain', wanted.orgDomain, domainDoubts),
    ...about('locale', raw['locale'] ? wanted.locale : undefined, localeDoubts),
    ...about('uuid', wanted.uuid, idDoubts),
    ...about('oidc_id', wanted.oidcId, idDoubts),
    ...about('franceconnect_id', wanted.franceconnectId, idDoubts),
    ...about('context-name', wanted.context, (context) => contextDoubts(context, contexts)),
    ...about('feature-flags', wanted.featureFlags, flagsDoubts),
    ...about('email', settings['email'], addressDoubts),
    ...about('public-name', settings['public_name'], nameDoubts),
    ...about('phone', settings['phone'], phoneDoubts),
    ...about('settings', raw['settings'], settingsDoubts),
    ...about('disk-quota', raw['disk-quota'], (text) => quotaDoubts(text, wanted.diskQuota)),
  ];
}

/**
 * What the operator should look at in the options of an instance, although they can be used.
 *
 * @param raw as they were written, those that stand in included
 */
export function creationDoubts(raw: RawOptions, parsed: ParsedOptions, rules: ParsingRules): Doubt[] {
  const { options, passphrase } = parsed;
  return [
    ...about('domain', options.domain, domainDoubts),
    ...shared(raw, options, rules),
    ...firstFilesDoubts(options, rules),
    ...about('passphrase', passphrase, passphraseDoubts),
    ...about('onboarding-finished', options.onboardingFinished, () => welcomeDoubts(options)),
  ];
}

/** A stack shows no page to register on to an owner who was welcomed. */
function welcomeDoubts({
  onboardingFinished,
  hasPassphrase,
  oidcId,
  franceconnectId,
  magicLink,
}: ParsedOptions['options']): string[] {
  const hasWayIn = hasPassphrase || magicLink === true || [oidcId, franceconnectId].some(Boolean);
  if (!onboardingFinished || hasWayIn) return [];
  return [
    'the registration link will not work: give a passphrase, oidc_id, franceconnect_id or magic_link, unless the context logs owners in by OIDC',
  ];
}

/** Files that do not fit are not written, and the instance is in use without them. */
function firstFilesDoubts({ diskQuota, locale }: InstanceOptions, { skeletonBytes }: ParsingRules): Doubt[] {
  const bytes = skeletonBytes?.(locale) ?? 0;
  if (diskQuota === undefined || bytes <= diskQuota) return [];
  const message = `the first files of the instance take ${bytes} bytes, which do not fit into it`;
  return [{ column: 'disk-quota', message }];
}

/** What the operator should look at in changes, although they can be used; the domain is an instance's that exists. */
export function changeDoubts(raw: RawOptions, { changes }: ParsedChanges, rules: ParsingRules): Doubt[] {
  return shared(raw, changes, rules);
}
