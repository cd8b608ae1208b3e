import {
  type InstanceDocument,
  type InstanceFields,
  isEmptyField,
  type StoredInstance,
} from './instance-document.ts';

/** An instance as `instances show` and `instances modify` print it (`docs/admin-api.md` §1.3). */
export interface InstanceView {
  readonly id: string;
  readonly meta: { readonly rev: string };
  readonly attributes: InstanceAttributes;
}

/** Fields in the order of the stack's command line, then those it drops. */
export type InstanceAttributes = Readonly<Record<string, unknown>>;

type Field = keyof InstanceFields;

/** What the stack's command line shows, in its order. */
export const STACK_ATTRIBUTES = [
  'domain',
  'domain_aliases',
  'org_domain',
  'org_id',
  'old_domain',
  'prefix',
  'locale',
  'uuid',
  'oidc_id',
  'context',
  'sponsorships',
  'feature_sets',
  'tos',
  'tos_latest',
  'auth_mode',
  'no_auto_update',
  'blocked',
  'onboarding_finished',
  'password_defined',
  'magic_link',
  'disk_quota',
  'indexes_version',
  'couch_cluster',
  'swift_cluster',
  'passphrase_reset_token',
  'passphrase_reset_time',
  'register_token',
] as const satisfies readonly Field[];

/** What it drops though an operator needs it. Never the passphrase's hash nor a signing secret. */
export const MORE_ATTRIBUTES = [
  'blocking_reason',
  'deleting',
  'moved',
  'franceconnect_id',
  'feature_flags',
  'common_settings_version',
] as const satisfies readonly Field[];

/** What is shown of a field that is absent, where the stack's own type has no `omitempty`. */
const SHOWN_WHEN_ABSENT: ReadonlyMap<Field, unknown> = new Map<Field, unknown>([
  ['domain', ''],
  ['locale', ''],
  ['onboarding_finished', false],
  ['password_defined', null],
  ['indexes_version', 0],
  ['passphrase_reset_token', null],
  ['passphrase_reset_time', '0001-01-01T00:00:00Z'],
]);

/** Bytes are Base64 in CouchDB as they are here, so no value changes on its way. */
export function instanceView(instance: StoredInstance): InstanceView {
  const { _id: id, _rev: rev } = instance;
  return { id, meta: { rev }, attributes: attributesOf(instance) };
}

/** The `attributes` of `instanceView`; fields that are not known are left out, as the stack does. */
export function attributesOf(document: InstanceDocument): InstanceAttributes {
  const shown = [...STACK_ATTRIBUTES, ...MORE_ATTRIBUTES].flatMap((field): [Field, unknown][] => {
    const value = document[field];
    if (SHOWN_WHEN_ABSENT.has(field)) return [[field, value ?? SHOWN_WHEN_ABSENT.get(field)]];
    return isEmptyField(value) ? [] : [[field, value]];
  });
  return Object.fromEntries(shown);
}
