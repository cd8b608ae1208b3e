import type { Config } from '../../config/config.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import type {
  ModificationReporter,
  ModificationServices,
} from '../../operations/instances/modify-instance.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { toldServicesOf, type Untold } from '../../stack/modify-and-tell.ts';
import { withInterrupt } from '../terminal/interrupt.ts';
import type { Output } from '../terminal/output.ts';

/** What changes one instance at once needs. */
export interface HeldServices {
  readonly services: ModificationServices;
  readonly found: StoredInstance;
  /** Aborted by Ctrl-C: names that are held have to be given back. */
  readonly signal: AbortSignal;
  readonly report: ModificationReporter;
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
          services: { global, cluster, fleet, told: toldServicesOf(config) },
          found,
          signal,
          report: (told) => output.note(noteOf(told)),
        }),
      ),
    );
  });
}

function noteOf(report: Parameters<ModificationReporter>[0]): string {
  switch (report.event) {
    case 'waiting':
      return `Waiting for another command that works on ${report.name}.`;
    case 'untold':
      return `Warning: the change was made, but ${NAMES[report.service]} could not be told of it: ${report.problem}`;
  }
}

const NAMES: Readonly<Record<Untold['service'], string>> = {
  'common settings': 'the service of common settings',
  Cloudery: 'Cloudery',
};
