import {
  comparedInInstance,
  comparedInSettings,
  differing,
  fieldsOfChange,
} from '../../../instances/change/compare-fields.ts';
import { isSignedBy } from '../../../instances/documents/apply-changes.ts';
import type { InstanceDocument } from '../../../instances/documents/instance-document.ts';
import { type InstanceChanges, instanceChanges } from '../../../instances/options/changes.ts';
import { isLaterTos, sameTos } from '../../../instances/options/tos.ts';
import { foldedName } from '../../../instances/values/folded-name.ts';

/**
 * What of changes is left to do, where only what means something else is a change: the order of aliases, sponsorships and feature
 * sets means nothing, nor does the case of a mail address; terms that are signed by now are not the latest ones any more;
 * what was signed later than a list says stays signed, for a list that is older than a signature knows nothing of it; and what is
 * not blocked needs no unblocking, whatever reason an earlier block has left.
 * @param settings of the instance; nothing of them is left to do where they are undefined and the changes have none
 * @returns undefined where nothing is left
 */
export function neededChanges(
  instance: InstanceDocument,
  settings: Readonly<Record<string, unknown>> | undefined,
  changes: InstanceChanges,
): InstanceChanges | undefined {
  const { settings: _, featureFlags: _flags, ...ofDocument } = changes;
  const same = meansTheSame(instance, changes);
  const different = new Set(differing(comparedInInstance(instance, changes)).map(({ field }) => field));
  const fields = Object.entries(ofDocument).filter(
    ([name]) => !same.has(name) && fieldsOfChange(name).some((field) => different.has(field)),
  );
  const flags = Object.entries(changes.featureFlags ?? {}).filter(([name]) =>
    different.has(`feature_flags.${name}`),
  );
  const values = neededSettings(settings ?? {}, changes);
  const left = {
    ...Object.fromEntries(fields),
    ...(flags.length > 0 && { featureFlags: Object.fromEntries(flags) }),
    ...(values.length > 0 && { settings: Object.fromEntries(values) }),
  };
  return Object.keys(left).length === 0 ? undefined : instanceChanges.parse(left);
}

/** Names of the changes that would write something, and mean nothing. */
function meansTheSame(instance: InstanceDocument, changes: InstanceChanges): ReadonlySet<string> {
  const { aliases, sponsorships, featureSets, tos, tosLatest } = changes;
  const same = new Set<string>();
  const note = (name: string, is: boolean): void => void (is && same.add(name));
  note('aliases', aliases !== undefined && isSameSet(aliases, instance.domain_aliases, foldedName));
  note('sponsorships', sponsorships !== undefined && isSameSet(sponsorships, instance.sponsorships));
  note('featureSets', featureSets !== undefined && isSameSet(featureSets, instance.feature_sets));
  note('tos', tos !== undefined && (sameTos(tos, instance.tos) || isLaterTos(instance.tos, tos)));
  note('tosLatest', tosLatest !== undefined && isKnownOrSigned(tosLatest, instance, tos));
  if (isSameBlock(instance, changes)) for (const name of ['blocked', 'blockingReason']) same.add(name);
  return same;
}

function isSameSet(
  wanted: readonly string[],
  stored: readonly string[] = [],
  fold: (text: string) => string = (text) => text,
): boolean {
  const [one, other] = [new Set(wanted.map(fold)), new Set(stored.map(fold))];
  return one.size === other.size && [...one].every((each) => other.has(each));
}

/** @param tos those that are to be signed: the later ones of these and what is signed already count */
function isKnownOrSigned(latest: string, instance: InstanceDocument, tos: string | undefined): boolean {
  const signed = [instance.tos, tos].some((each) => isSignedBy(each, latest));
  return signed || sameTos(latest, instance.tos_latest);
}

function isSameBlock(instance: InstanceDocument, { blocked, blockingReason }: InstanceChanges): boolean {
  const wanted = blocked ?? (blockingReason === undefined ? undefined : true);
  if (wanted === undefined || wanted !== (instance.blocked === true)) return false;
  return blockingReason === undefined || blockingReason === instance.blocking_reason;
}

function neededSettings(
  settings: Readonly<Record<string, unknown>>,
  { settings: wanted = {} }: InstanceChanges,
): [string, string][] {
  const different = new Set(
    differing(comparedInSettings(settings, { settings: wanted })).map(({ field }) => field),
  );
  return Object.entries(wanted).filter(([key, value]) => {
    if (!different.has(`settings.${key}`)) return false;
    const stored = Object.hasOwn(settings, key) ? settings[key] : undefined;
    const isAddress = key === 'email' && typeof stored === 'string';
    return !(isAddress && stored.toLowerCase() === value.toLowerCase());
  });
}
