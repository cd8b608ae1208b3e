import type { StoredDocument } from '../../couchdb/documents.ts';

/** Every field the stack knows in `global/instances` (`docs/cozy-data.md` §2.1). */
export interface InstanceFields {
  _id: string;
  _rev?: string;
  domain: string;
  domain_aliases?: string[];
  org_domain?: string;
  org_id?: string;
  old_domain?: string;
  prefix?: string;
  locale: string;
  uuid?: string;
  oidc_id?: string;
  franceconnect_id?: string;
  context?: string;
  sponsorships?: string[];
  feature_sets?: string[];
  feature_flags?: Record<string, unknown>;
  tos?: string;
  tos_latest?: string;
  /** 0 basic (absent), 1 `two_factor_mail`, 2 `two_factor_oidc`. */
  auth_mode?: number;
  magic_link?: boolean;
  deleting?: boolean;
  moved?: boolean;
  blocked?: boolean;
  blocking_reason?: string;
  no_auto_update?: boolean;
  onboarding_finished?: boolean;
  /** Never absent; `null` only in documents older than the field. */
  password_defined: boolean | null;
  /** Bytes, as a decimal text; absent = unlimited. */
  disk_quota?: string;
  indexes_version?: number;
  common_settings_version?: number;
  swift_cluster?: number;
  /** Kind of storage its files are in; absent = `file` (and `swift_cluster` tells of Swift). */
  fs_scheme?: string;
  /** Index in `couchdb.clusters`; 0 is absent. */
  couch_cluster?: number;
  /** Base64 of the `scrypt$…` text. */
  passphrase_hash?: string;
  passphrase_reset_token?: string;
  passphrase_reset_time?: string;
  register_token?: string;
  session_secret?: string;
  oauth_secret?: string;
  cli_secret?: string;
  last_activity_from_deleted_oauth_clients?: string;
}

/** A document of `global/instances`; a program that rewrites one keeps the fields that it does not know. */
export interface InstanceDocument extends InstanceFields {
  [key: string]: unknown;
}

/** An instance as CouchDB has it: each field that is known here is of its type. */
export type StoredInstance = StoredDocument & InstanceDocument;

/** Whether the stack leaves a field with this value out: what Go calls `omitempty` (`docs/cozy-data.md` §2.1). */
export function isEmptyField(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === false || value === 0;
}
