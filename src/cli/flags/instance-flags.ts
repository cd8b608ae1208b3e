import { Flags } from '@oclif/core';
import { InputError } from '../../errors.ts';
import { FLAGS_OF_ONE_INSTANCE, INSTANCE_FLAGS, type RawOptions } from '../../instances/options/flags.ts';

const WHO = 'WHO';
const INSTANCE = 'INSTANCE';

export const text = (summary: string, helpGroup = INSTANCE) => Flags.string({ summary, helpGroup });
export const list = (summary: string) =>
  Flags.string({
    summary: `${summary} (commas or repetition)`,
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: INSTANCE,
  });
const booleanFlag = (summary: string) => Flags.boolean({ summary, helpGroup: INSTANCE });

/** The flags of cozy-stack's `instances add`, and what its admin API takes beside them. */
export const instanceFlags = {
  'domain-aliases': list('Other names of the instance'),
  'old-domain': text('Former domain, from which visitors are sent on', WHO),
  'org-domain': text('Domain of the organization'),
  'org-id': text('Identifier of the organization'),
  locale: text('Language, such as fr [default: en]'),
  uuid: text('Identifier of the owner', WHO),
  oidc_id: text('Identifier of the owner at the OIDC provider', WHO),
  franceconnect_id: text('Identifier of the owner at FranceConnect', WHO),
  magic_link: booleanFlag('Let the owner in by links sent by mail, without a passphrase'),
  tos: text('Version of the terms of service that were signed, such as 1.0.0-20240131'),
  'tos-latest': text('Latest version of the terms of service'),
  tz: text('Time zone, such as Europe/Paris'),
  'context-name': text('Context of the instance'),
  sponsorships: list('Sponsorships'),
  'feature-sets': list('Feature sets'),
  'feature-flags': text(`Feature flags of the instance itself, as JSON: '{"drive.beta":true}'`),
  email: text('Mail address of the owner', WHO),
  'public-name': text('Name of the owner, as others see it', WHO),
  phone: text('Telephone number of the owner', WHO),
  settings: text('Further settings, as key:value,key2:value2'),
  'couch-cluster': text('Number of the CouchDB cluster [default: any that is open to creation]'),
  'disk-quota': text('Most that its files may take, such as 5GB'),
  apps: list('Applications to install, by slug or source, such as drive or registry://notes/beta'),
  passphrase: text('Passphrase of the owner; others can see it, prefer --passphrase-stdin', WHO),
  'auth-mode': text('Way to log in: basic, two_factor_mail or two_factor_oidc'),
  'auto-update': text(
    'Kept in the instance, true or false; today no stack reads it: it updates applications either way',
  ),
  blocked: booleanFlag('Block the instance from its first day on'),
  'blocking-reason': text('Why it is blocked, such as PAYMENT_FAILED'),
  'onboarding-finished': booleanFlag(
    'Let the owner in without a welcome: for who logs in by OIDC, FranceConnect or a link, or has a passphrase',
  ),
  'swift-layout': Flags.string({ hidden: true }),
  trace: Flags.boolean({ hidden: true }),
  dev: Flags.boolean({ hidden: true }),
};

/** What is one instance's alone, and so cannot stand in for the columns of a file. */
const OF_ONE_INSTANCE: readonly string[] = [...FLAGS_OF_ONE_INSTANCE, 'passphrase-stdin', 'ask-passphrase'];

/** Flags as they were parsed. */
export type ParsedFlags = Readonly<Record<string, unknown>>;

/** The flags as the texts that a file would hold. */
export function rawOptionsOf(flags: ParsedFlags): RawOptions {
  return Object.fromEntries(INSTANCE_FLAGS.map((name) => [name, asText(flags[name])]));
}

function asText(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'boolean') return value ? 'true' : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** @throws InputError `flag_of_one_instance`, which never quotes a value */
export function refuseFlagsOfOneInstance(flags: ParsedFlags): void {
  const given = OF_ONE_INSTANCE.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (given === undefined) return;
  throw new InputError(
    'flag_of_one_instance',
    `--${given} is one instance's own and cannot be given for many`,
    {},
    `Give the file a column "${given.includes('passphrase') ? 'passphrase' : given}".`,
  );
}
