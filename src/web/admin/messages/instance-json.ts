import {
  type InstanceFields,
  isEmptyField,
  type StoredInstance,
} from '../../../instances/documents/instance-document.ts';

/** Media type of the answers of the admin API. */
export const JSON_API = 'application/vnd.api+json';

/** An instance as the admin API shows it (`docs/admin-api.md` §2.2). */
export interface InstanceResource {
  readonly type: 'instances';
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly meta: { readonly rev: string };
  readonly links: { readonly self: string };
}

/** Fields in the order of the stack. Never the hash of a passphrase nor a secret that something is signed with. */
const ATTRIBUTES = [
  'domain',
  'domain_aliases',
  'org_domain',
  'org_id',
  'old_domain',
  'prefix',
  'locale',
  'uuid',
  'oidc_id',
  'franceconnect_id',
  'context',
  'sponsorships',
  'tos',
  'tos_latest',
  'auth_mode',
  'magic_link',
  'deleting',
  'moved',
  'blocked',
  'blocking_reason',
  'no_auto_update',
  'onboarding_finished',
  'password_defined',
  'disk_quota',
  'indexes_version',
  'common_settings_version',
  'swift_cluster',
  'couch_cluster',
  'passphrase_reset_token',
  'passphrase_reset_time',
  'register_token',
  'feature_flags',
  'feature_sets',
  'last_activity_from_deleted_oauth_clients',
] as const satisfies readonly (keyof InstanceFields)[];

/** Shown even where they are empty. */
const ALWAYS: ReadonlySet<string> = new Set<keyof InstanceFields>(['domain', 'locale', 'password_defined']);

/** The `data` of an answer about one instance; fields that are not known are left out, as a stack does. */
export function instanceResource(instance: StoredInstance): InstanceResource {
  const shown = ATTRIBUTES.filter((field) => ALWAYS.has(field) || !isEmptyField(instance[field]));
  return {
    type: 'instances',
    id: instance._id,
    attributes: Object.fromEntries(shown.map((field) => [field, instance[field] ?? null])),
    meta: { rev: instance._rev },
    links: { self: `/instances/${instance._id}` },
  };
}

/** A whole answer about one instance. */
export function instanceJson(instance: StoredInstance): { readonly data: InstanceResource } {
  return { data: instanceResource(instance) };
}
