import type { InstanceOptions } from './options.ts';

/** The fields of an instance document that say whose it is. */
export interface InstanceIdentity {
  readonly uuid?: string | undefined;
  readonly oidc_id?: string | undefined;
}

/** The fields of a settings document that say whose instance it is. */
export interface SettingsIdentity {
  readonly email?: string | undefined;
  readonly public_name?: string | undefined;
}

function agrees(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || wanted === '' || wanted === found;
}

function comparableEmail(email: string | undefined): string | undefined {
  return email?.trim().toLowerCase();
}

/**
 * Whether an instance that is already there belongs to the person the options describe (design §3,
 * `register`): each of email, public name, uuid and oidc_id that the options give is the instance's.
 * Options that give none of them fit any instance.
 */
export function isSamePerson(
  options: InstanceOptions,
  instance: InstanceIdentity,
  settings: SettingsIdentity,
): boolean {
  const wanted: SettingsIdentity = options.settings;
  return (
    agrees(comparableEmail(wanted.email), comparableEmail(settings.email)) &&
    agrees(wanted.public_name, settings.public_name) &&
    agrees(options.uuid, instance.uuid) &&
    agrees(options.oidcId, instance.oidc_id)
  );
}
