/** The flags that a new instance has and a change may have, as far as they are shown in one run. */
const LASTING_FLAGS = [
  'locale',
  'uuid',
  'oidc_id',
  'franceconnect_id',
  'magic_link',
  'tos',
  'tos-latest',
  'tz',
  'context-name',
  'sponsorships',
  'feature-sets',
  'feature-flags',
  'email',
  'public-name',
  'phone',
  'settings',
] as const;

/** The flags of `instances add`, which are also the columns of a file, in the order they are shown. */
export const INSTANCE_FLAGS = [
  'domain',
  'domain-aliases',
  'old-domain',
  'org-domain',
  'org-id',
  ...LASTING_FLAGS,
  'couch-cluster',
  'disk-quota',
  'apps',
  'passphrase',
  'auth-mode',
  'auto-update',
  'blocked',
  'blocking-reason',
  'onboarding-finished',
  'swift-layout',
  'trace',
] as const;

export type InstanceFlag = (typeof INSTANCE_FLAGS)[number];

/** The flags of `instances modify`, in the order they are shown. */
export const CHANGE_FLAGS = [
  'domain',
  'domain-aliases',
  'old-domain',
  'org-domain',
  'org-id',
  ...LASTING_FLAGS,
  'disk-quota',
  'auth-mode',
  'auto-update',
  'blocked',
  'blocking-reason',
  'onboarding-finished',
  'deleting',
] as const;

/** Flags that are one instance's alone, and so cannot stand in for the columns of a file. */
export const FLAGS_OF_ONE_INSTANCE = [
  'domain-aliases',
  'old-domain',
  'uuid',
  'oidc_id',
  'franceconnect_id',
  'email',
  'public-name',
  'phone',
  'passphrase',
] as const;

/** What the operator wrote, by flag name; an empty text is the same as none. */
export interface RawOptions {
  readonly [flag: string]: string | undefined;
}
