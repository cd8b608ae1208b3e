import type { Config } from '../../config/config.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import type { HoldReporter, HoldServices } from '../../operations/instances/hold-instance.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { withInterrupt } from '../terminal/interrupt.ts';
import type { Output } from '../terminal/output.ts';

/** What changes one instance at once needs. */
export interface HeldServices {
  readonly services: HoldServices;
  readonly found: StoredInstance;
  /** Aborted by Ctrl-C: names that are held have to be given back. */
  readonly signal: AbortSignal;
  readonly report: HoldReporter;
}

/**
 * Finds an instance, and opens all that changes it at once, without a job, for the time of `work`.
 * @throws InputError `illegal_domain`; FleetError `not_found`, `couchdb_unreachable`, `redis_unreachable`
 */
export async function withHeldServices<T>(
  { config, name, output }: { readonly config: Config; readonly name: string; readonly output: Output },
  work: (held: HeldServices) => Promise<T>,
): Promise<T> {
  return await withCouch(config, async ({ global, cluster }) => {
    const found = await findInstance(global, name);
    return await withFleet(config, (fleet) =>
      withInterrupt((signal) =>
        work({
          services: { global, cluster, fleet },
          found,
          signal,
          report: (waiting) => output.note(`Waiting for another command that works on ${waiting.name}.`),
        }),
      ),
    );
  });
}
