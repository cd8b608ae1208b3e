import type { InstanceOptions } from '../options/options.ts';
import { trimBlanks } from '../values/characters.ts';

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

/**
 * How an instance that is there already relates to the person that options describe. `unproven`: they say
 * nothing that would tell this person from another, so nothing that is private may be handed out.
 */
export type Recognition = 'by-id' | 'by-address' | 'unproven' | 'other';

/** Undefined for what is empty; blanks around a value do not count, for earlier versions stored them. */
function comparable(value: string | undefined): string | undefined {
  return trimBlanks(value ?? '') || undefined;
}

function agrees(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || wanted === found;
}

/**
 * Whose an instance is that is there already. An id (`uuid`, `oidc_id`) that both sides have decides, also
 * against an equal address; where there are two, both must agree. Else the address decides. Options with
 * neither fit whatever has no other public name.
 */
export function recognize(
  options: InstanceOptions,
  instance: InstanceIdentity,
  settings: SettingsIdentity,
): Recognition {
  const wanted: SettingsIdentity = options.settings;
  const ids = [
    [comparable(options.uuid), comparable(instance.uuid)],
    [comparable(options.oidcId), comparable(instance.oidc_id)],
  ] as const;
  const known = ids.filter(([ours, theirs]) => ours !== undefined && theirs !== undefined);
  if (known.length > 0) return known.every(([ours, theirs]) => ours === theirs) ? 'by-id' : 'other';

  const email = comparable(wanted.email)?.toLowerCase();
  if (email !== undefined)
    return email === comparable(settings.email)?.toLowerCase() ? 'by-address' : 'other';
  if (ids.some(([ours]) => ours !== undefined)) return 'other';
  return agrees(comparable(wanted.public_name), comparable(settings.public_name)) ? 'unproven' : 'other';
}

/** Whether the instance may be taken for the one that the options ask for, so that they may be submitted again. */
export function isSamePerson(
  options: InstanceOptions,
  instance: InstanceIdentity,
  settings: SettingsIdentity,
): boolean {
  return recognize(options, instance, settings) !== 'other';
}
