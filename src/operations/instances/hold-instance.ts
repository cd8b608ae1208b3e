import { FleetError } from '../../errors.ts';
import type { ExistingInstance } from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import { type DirectWork, holdNames } from '../../jobs/claims/hold-names.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { Couch } from '../connect/couch.ts';

/** Where an instance is held and changed. */
export interface HoldServices extends Pick<Couch, 'global' | 'cluster'> {
  readonly fleet: Fleet;
}

/** The instance to be held. */
export interface HoldTarget {
  /** As it was found. */
  readonly found: StoredInstance;
  /** Names besides its domain that the work is about. */
  readonly aliases?: readonly string[] | undefined;
  /** Ends the waiting for other commands, and nothing once the instance is held; its reason is thrown then. */
  readonly patience?: AbortSignal | undefined;
}

/** Told that other work holds that name, and is waited for. */
export type HoldReporter = (report: { readonly event: 'waiting'; readonly name: string }) => void;

/** An instance that nobody else of the fleet works on. */
export interface HeldInstance extends ExistingInstance {
  /** As it was found before it was held. */
  readonly found: StoredInstance;
}

/**
 * Holds the names of an instance for the time of `work`, so that no job and no other command works on it, and makes
 * sure that it is still the same one when it is changed.
 * @param signal aborted when the caller wants no more: names that are held have to be given back
 * @throws FleetError `busy`, `interrupted`
 */
export async function holdInstance<T>(
  { global, cluster, fleet }: HoldServices,
  { found, aliases = [], patience }: HoldTarget,
  signal: AbortSignal,
  report: HoldReporter,
  work: (held: HeldInstance) => Promise<T>,
): Promise<T> {
  const others = aliases.filter((alias) => alias !== found.domain);
  const guard = (now: StoredInstance) => refuseAnother(found, now);
  const holding: DirectWork = {
    kind: 'modify',
    names: [found.domain, ...others],
    signal,
    patience,
    onWait: (name) => report({ event: 'waiting', name }),
  };
  const prefixIndex = createPrefixIndex(global);
  try {
    return await holdNames(fleet, holding, (held) =>
      work({ global, cluster, prefixIndex, id: found._id, found, guard, signal: held }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new FleetError(
      'interrupted',
      'Interrupted: some of it may have been done',
      'Run the same command again: what is done already stays.',
    );
  }
}

/** It may have been destroyed and made again since it was found. */
export function refuseAnother(found: StoredInstance, now: StoredInstance): void {
  if (now.cli_secret === found.cli_secret && now.domain === found.domain) return;
  throw new Refusal(
    'superseded',
    `${found.domain} is another instance by now`,
    'Nothing was changed. Look at it, and run the command again if it is still wanted.',
  );
}
