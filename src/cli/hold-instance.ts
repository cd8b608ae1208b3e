import type { Config } from '../config/config.ts';
import { FleetError } from '../errors.ts';
import type { ExistingInstance } from '../instances/change/existing-instance.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { Refusal } from '../instances/errors.ts';
import { createCensus } from '../instances/lookup/prefix-index.ts';
import { type DirectWork, holdNames } from '../jobs/hold-names.ts';
import { findInstance } from './find-instance.ts';
import type { Output } from './output.ts';
import { startPatience } from './patience.ts';
import { withCouch } from './with-couch.ts';
import { withFleet } from './with-fleet.ts';

export interface HoldOptions {
  readonly config: Config;
  /** As typed: a domain or an alias. */
  readonly name: string;
  /** Names besides the domain that the work is about. */
  readonly aliases?: readonly string[] | undefined;
  readonly output: Output;
}

/** An instance that nobody else of the fleet works on. */
export interface HeldInstance extends ExistingInstance {
  /** As it was found before it was held. */
  readonly found: StoredInstance;
}

/**
 * Finds an instance and holds its names for the time of `work`, so that it is nobody else's: no job is at
 * it, and it is still the same one when it is changed.
 * @throws InputError `illegal_domain`
 * @throws FleetError `not_found`, `busy`, `interrupted`
 */
export async function holdInstance<T>(
  { config, name, aliases = [], output }: HoldOptions,
  work: (held: HeldInstance) => Promise<T>,
): Promise<T> {
  return await withCouch(config, async ({ global, cluster }) => {
    const found = await findInstance(global, name);
    const others = aliases.filter((alias) => alias !== found.domain);
    const guard = (now: StoredInstance) => refuseAnother(found, now);
    return await withFleet(config, (fleet) =>
      untilInterrupted((interrupted) => {
        const holding: DirectWork = {
          kind: 'modify',
          names: [found.domain, ...others],
          signal: interrupted,
          onWait: (held) => output.note(`Waiting for another command that works on ${held}.`),
        };
        return holdNames(fleet, holding, (signal) =>
          work({ global, cluster, census: createCensus(global), id: found._id, found, guard, signal }),
        );
      }),
    );
  });
}

/** Names that are held have to be given back, so Ctrl-C must not simply end the process. */
async function untilInterrupted<T>(work: (interrupted: AbortSignal) => Promise<T>): Promise<T> {
  const patience = startPatience();
  try {
    return await work(patience.signal);
  } catch (error) {
    if (patience.gaveUp !== 'interrupted') throw error;
    throw new FleetError(
      'interrupted',
      'Interrupted: some of it may have been done',
      'Run the same command again: what is done already stays.',
    );
  } finally {
    patience.stop();
  }
}

/** Somebody may have destroyed it and made it again since it was found. */
function refuseAnother(found: StoredInstance, now: StoredInstance): void {
  if (now.cli_secret === found.cli_secret && now.domain === found.domain) return;
  throw new Refusal(
    'superseded',
    `${found.domain} is another instance by now`,
    'Nothing was changed. Look at it, and run the command again if it is still wanted.',
  );
}
