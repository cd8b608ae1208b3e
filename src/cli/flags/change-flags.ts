import { Flags } from '@oclif/core';
import { CHANGE_FLAGS, type RawOptions } from '../../instances/options/flags.ts';
import { instanceFlags, list, type ParsedFlags, text } from './instance-flags.ts';

/** A truth that is left as it is where neither form is given. */
const booleanFlag = (summary: string) => Flags.boolean({ summary, allowNo: true, helpGroup: 'INSTANCE' });

const allOf = (what: string) => list(`All ${what} it is to have; "" takes them away`);

/** The flags of cozy-stack's `instances modify`, and what its admin API and ours take beside them. */
export const changeFlags = {
  'domain-aliases': allOf('other names'),
  'old-domain': instanceFlags['old-domain'],
  'org-domain': text(
    'Domain of the organization it is to belong to; needs mail address and name of its owner',
  ),
  'org-id': text('Identifier of that organization'),
  locale: text('Language, such as fr'),
  uuid: instanceFlags.uuid,
  oidc_id: instanceFlags.oidc_id,
  franceconnect_id: instanceFlags.franceconnect_id,
  magic_link: booleanFlag('Let the owner in by links sent by mail'),
  tos: instanceFlags.tos,
  'tos-latest': text('Latest version of the terms of service, with its date; not kept where it is signed'),
  tz: instanceFlags.tz,
  'context-name': instanceFlags['context-name'],
  sponsorships: allOf('sponsorships'),
  'feature-sets': allOf('feature sets'),
  'feature-flags': text(
    `Feature flags to set, as JSON; others stay, null takes one away: '{"drive.beta":true,"old":null}'`,
  ),
  email: instanceFlags.email,
  'public-name': instanceFlags['public-name'],
  phone: instanceFlags.phone,
  settings: instanceFlags.settings,
  'disk-quota': text('Most that its files may take, such as 5GB; 0 or unlimited for no limit'),
  'auth-mode': instanceFlags['auth-mode'],
  'auto-update': instanceFlags['auto-update'],
  blocked: booleanFlag('Block it, or with --blocked=false unblock it'),
  'blocking-reason': text('Why it is blocked, such as PAYMENT_FAILED; blocks it [default: UNKNOWN]'),
  'onboarding-finished': booleanFlag('Whether its owner has been welcomed'),
  deleting: booleanFlag('With =false takes back a deletion that failed; goes alone'),
};

/** The flags as the texts that `parseChanges` reads. */
export function rawChangesOf(flags: ParsedFlags): RawOptions {
  return Object.fromEntries(CHANGE_FLAGS.map((name) => [name, asText(flags[name])]));
}

function asText(value: unknown): string | undefined {
  // A list that was emptied on purpose is told from none by a comma, as in the stack.
  if (Array.isArray(value)) return value.join(',') || ',';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : undefined;
}
