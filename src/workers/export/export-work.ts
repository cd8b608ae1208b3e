import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { Archive } from '../../stack/export/archive-record.ts';
import { noStackAdmin } from '../../stack/export/export-error.ts';
import { exportInstance } from '../../stack/export/export-instance.ts';
import { LOOK_MS } from '../../stack/export/export-job.ts';
import { databasesOf } from '../instance/databases-of.ts';
import type { Lease } from '../stage/lease.ts';
import type { Services } from '../stage/services.ts';

/** One instance that is to be exported. */
export interface ExportWork {
  readonly services: Services;
  readonly instance: StoredInstance;
  /** Absolute path of the directory for archives, on this machine. */
  readonly directory: string;
  readonly jobId: string;
  readonly signal: AbortSignal;
  readonly lease: Lease;
  /** Asked before each step of the export. @throws where there is to be none any more */
  ask?(): Promise<void>;
}

/**
 * Sees to it that there is an archive of the instance as it is now, whole by what was seen (`exportInstance`).
 * @throws ExportError with nothing of the instance touched
 */
export async function exportWork(work: ExportWork): Promise<Archive> {
  const { services, instance, directory, jobId, signal, lease, ask } = work;
  const { domain } = instance;
  const { stackAdmin: admin, global, log } = services;
  if (admin === undefined) throw noStackAdmin();
  return await exportInstance({
    admin,
    global,
    databases: { ...databasesOf(services, instance), signal },
    domain,
    instanceId: instance._id,
    incarnation: incarnationOf(instance),
    place: { directory, domain },
    jobId,
    lookMs: LOOK_MS,
    assertHeld: () => lease.assertHeld(),
    ...(ask && { ask }),
    onRound: (reason) => log.warn('exported once more', { reason }),
  });
}
